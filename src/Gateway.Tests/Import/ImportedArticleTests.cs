using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Kernel;
using Gateway.Tests.Support;

namespace Gateway.Tests.Import;

/// <summary>The lvs.cf of the classic LVS article, imported and run as it is before two real web servers, where the kernel cannot
/// forward: the relay takes over. <see cref="ArticleTests"/> has the same with the kernel.</summary>
[Collection(Beds.Name)]
public sealed class ImportedArticleTests
{
    [NamespaceFact("nginx", "setpriv")]
    public async Task Import_Article_BalancesTwoNginxByItsOwnSendAndExpect()
    {
        using var bed = new KernelBed(servers: 2);
        using var folder = new TemporaryFolder();
        await using var v6test1 = await ArticleTests.StartNginxAsync(bed, folder, 1);
        var v6test2 = await ArticleTests.StartNginxAsync(bed, folder, 2);
        // The addresses are those of the bed, and checks come sooner. What is made of the file is run as it is.
        var file = ImportCases.Read("lvs.cf", "article")
            .Replace("208.109.98.243", "10.77.0.100", StringComparison.Ordinal)
            .Replace("208.109.98.246", "10.77.0.11", StringComparison.Ordinal)
            .Replace("208.109.98.247", "10.77.0.12", StringComparison.Ordinal)
            .Replace("timeout = 6", "timeout = 1", StringComparison.Ordinal)
            .Replace("reentry = 15", "reentry = 2", StringComparison.Ordinal);
        await using var gateway = await BedGateway.BeginAsync(
            bed, ImportCases.Import(file, "lvs.cf", "article").Configuration, "setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin");
        await ReadyAsync(gateway, 2);

        // wlc leads the second connection to the other server while the first one is open.
        using (var first = Connect(bed))
        {
            // Answered, so that it was there before the second, whichever loop takes that in.
            var one = await AskAsync(first);
            using var second = Connect(bed);
            string[] both = [one, await AskAsync(second)];
            Assert.Equal(["v6test1", "v6test2"], both.Order());
        }

        await v6test2.KillAsync();
        await v6test2.DisposeAsync();
        await ReadyAsync(gateway, 1);
        using (var third = Connect(bed))
        using (var fourth = Connect(bed))
        {
            Assert.Equal("v6test1", await AskAsync(third));
            Assert.Equal("v6test1", await AskAsync(fourth));
        }

        await using var again = await ArticleTests.StartNginxAsync(bed, folder, 2);
        await ReadyAsync(gateway, 2);
        Assert.Equal(4, await gateway.MetricAsync("gateway_virtual_server_connections_total"));
    }

    private static Task ReadyAsync(BedGateway gateway, int destinations) =>
        gateway.MetricBecomesAsync(destinations, "gateway_cluster_ready_destinations", "cluster=\"v6LB\"");

    private static Socket Connect(KernelBed bed) => bed.Client.Inside(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(KernelBed.Vip4, 80);
        return socket;
    });

    /// <summary>Asks for a page and leaves the connection open.</summary>
    private static async Task<string> AskAsync(Socket client)
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: v6LB\r\n\r\n"u8.ToArray());
        var answer = new byte[4096];
        var length = 0;
        var text = "";
        while (!text.Contains("v6test", StringComparison.Ordinal) || text.Length < text.IndexOf("v6test", StringComparison.Ordinal) + 7)
        {
            var read = await client.ReceiveAsync(answer.AsMemory(length));
            Assert.True(read > 0, $"closed after '{text}'");
            length += read;
            text = Encoding.ASCII.GetString(answer, 0, length);
        }

        return text[text.IndexOf("v6test", StringComparison.Ordinal)..][..7];
    }
}
