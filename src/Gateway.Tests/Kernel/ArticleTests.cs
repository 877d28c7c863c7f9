using System.Globalization;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>The cluster of the classic LVS article, by its own lvs.cf with <c>network = direct</c>, before real web servers;
/// and the same over IPv6, which it could not do.</summary>
[Collection(Beds.Name)]
public sealed class ArticleTests
{
    [NamespaceFact("nginx", "curl")]
    public async Task Article_ImportedAndRunAsItIs_ServesOverIPv4AndIPv6()
    {
        using var bed = new KernelBed(servers: 2, hasVirtualAddress: false);
        using var folder = new TemporaryFolder();
        await using var v6test1 = await StartNginxAsync(bed, folder, 1);
        await using var v6test2 = await StartNginxAsync(bed, folder, 2);
        bed.Director.ExecWith("""
            table netdev watch {
              counter answers { }
              chain in { type filter hook ingress device "eth0" priority -200;
                ip saddr 10.77.0.100 counter name "answers"
                ip6 saddr fd77::100 counter name "answers"
              }
            }
            """, "nft", "-f", "-");

        // Nothing of what was imported is edited: the file names the interface, the addresses and the method.
        await using var gateway = await BedGateway.StartAsync(
            bed, Import.ImportCases.Import(File(), "lvs.cf", "article").Configuration, paths: 2);
        await gateway.ReadyAsync(2, "v6LB");
        await gateway.ReadyAsync(2, "v6LB6");
        Assert.Equal("v6test1 v6test2", Ask(bed, "http://10.77.0.100/"));
        Assert.Equal("v6test1 v6test2", Ask(bed, "http://[fd77::100]/"));

        await v6test2.KillAsync();
        await gateway.ReadyAsync(1, "v6LB");
        await gateway.ReadyAsync(1, "v6LB6");
        Assert.Equal("v6test1", Ask(bed, "http://10.77.0.100/"));
        Assert.Equal("v6test1", Ask(bed, "http://[fd77::100]/"));
        Assert.Contains("packets 0", bed.Director.Exec("nft", "list", "counter", "netdev", "watch", "answers"), StringComparison.Ordinal);
        Assert.Equal(0, await gateway.MetricAsync("gateway_virtual_server_connections_total"));
    }

    /// <summary>The article's file with the addresses of the bed, checks that come sooner, and its virtual once more over
    /// IPv6.</summary>
    private static string File()
    {
        var text = Import.ImportCases.Read("lvs.cf", "article")
            .Replace("timeout = 6", "timeout = 1", StringComparison.Ordinal)
            .Replace("reentry = 15", "reentry = 2", StringComparison.Ordinal);
        var block = text[text.IndexOf("virtual v6LB", StringComparison.Ordinal)..];
        return With(text, "10.77.0.100", "10.77.0.11", "10.77.0.12")
            + With(block, "fd77::100", "fd77::11", "fd77::12").Replace("virtual v6LB", "virtual v6LB6", StringComparison.Ordinal);

        static string With(string text, string vip, string first, string second) => text
            .Replace("208.109.98.243", vip, StringComparison.Ordinal)
            .Replace("208.109.98.246", first, StringComparison.Ordinal)
            .Replace("208.109.98.247", second, StringComparison.Ordinal);
    }

    /// <summary>Who answers eight requests.</summary>
    private static string Ask(KernelBed bed, string url) => string.Join(' ', Enumerable.Range(0, 8)
        .Select(_ => bed.Client.Exec("curl", "-s", "-m", "10", url).Trim()).Distinct().Order(StringComparer.Ordinal));

    internal static async Task<DebianProcess> StartNginxAsync(KernelBed bed, TemporaryFolder folder, int number)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder.Path, number.ToString(CultureInfo.InvariantCulture))).FullName;
        var file = Path.Combine(home, "nginx.conf");
        await System.IO.File.WriteAllTextAsync(file, $$"""
            daemon off; master_process off; user root; pid {{home}}/pid; error_log {{home}}/error.log;
            events { }
            http {
              access_log off;
              client_body_temp_path {{home}}/b; proxy_temp_path {{home}}/p; fastcgi_temp_path {{home}}/f;
              uwsgi_temp_path {{home}}/u; scgi_temp_path {{home}}/s;
              server { listen 80; listen [::]:80; location / { return 200 "v6test{{number}}\n"; } }
            }
            """);
        return bed.Servers[number - 1].Start("nginx", "-c", file);
    }
}
