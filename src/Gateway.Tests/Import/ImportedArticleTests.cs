using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
using Gateway.Tests.Support;

namespace Gateway.Tests.Import;

/// <summary>The lvs.cf of the classic LVS article, imported and run before two real web servers.</summary>
public class ImportedArticleTests
{
    [NeedsFact("nginx")]
    public async Task Import_Article_BalancesTwoNginxByItsOwnSendAndExpect()
    {
        // The article's servers have addresses of their own and share the port of the virtual.
        var port = FreePort.On(IPAddress.Loopback);
        await using var v6test1 = await Nginx.StartAsync("v6test1", IPAddress.Parse("127.0.0.246"), port);
        await using var v6test2 = await Nginx.StartAsync("v6test2", IPAddress.Parse("127.0.0.247"), port);
        var file = ImportCases.Read("lvs.cf", "article")
            .Replace("208.109.98.", "127.0.0.", StringComparison.Ordinal)
            .Replace("port = 80", $"port = {port}", StringComparison.Ordinal)
            .Replace("timeout = 6", "timeout = 1", StringComparison.Ordinal)
            .Replace("reentry = 15", "reentry = 2", StringComparison.Ordinal);
        // Direct routing needs machines of their own; this one has the relay, which serves wherever the kernel cannot.
        var configuration = ImportCases.Import(file.Replace(" eth0:1", "", StringComparison.Ordinal), "lvs.cf", "article").Configuration;
        Assert.Contains("\"Forwarding\": \"direct\"", configuration, StringComparison.Ordinal);
        await using var gateway = await RunningGateway.StartAsync(
            configuration.Replace("\"direct\"", "\"relay\"", StringComparison.Ordinal));
        await Eventually.TrueAsync(() => IsUp(gateway, "v6test1") && IsUp(gateway, "v6test2"), "nginx answers with HTTP");
        var probe = gateway.Store.Current.FindCluster("v6LB")!.Options.Probe!;
        Assert.Equal(("tcp", "GET / HTTP/1.0\r\n\r\n", "HTTP"), (probe.Kind, probe.Send, probe.Expect));

        // wlc leads the second connection to the other server while the first one is open.
        using (var first = new TcpClient())
        using (var second = new TcpClient())
        {
            Assert.Equal("v6test1", await AskAsync(first, gateway.VirtualServer("v6LB")));
            Assert.Equal("v6test2", await AskAsync(second, gateway.VirtualServer("v6LB")));
        }

        await v6test2.KillAsync();
        await Eventually.TrueAsync(() => !IsUp(gateway, "v6test2"), "one failed check takes it down");
        using (var third = new TcpClient())
        using (var fourth = new TcpClient())
        {
            Assert.Equal("v6test1", await AskAsync(third, gateway.VirtualServer("v6LB")));
            Assert.Equal("v6test1", await AskAsync(fourth, gateway.VirtualServer("v6LB")));
        }

        await v6test2.StartAgainAsync();
        await Eventually.TrueAsync(() => IsUp(gateway, "v6test2"), "two good checks bring it back");
    }

    private static bool IsUp(RunningGateway gateway, string id) =>
        gateway.Store.Current.FindCluster("v6LB")!.Find(id)!.Standing.Probe == ProbeVerdict.Up;

    /// <summary>Asks for a page and leaves the connection open.</summary>
    private static async Task<string> AskAsync(TcpClient client, IPEndPoint endPoint)
    {
        await client.ConnectAsync(endPoint);
        await client.Client.SendAsync("GET / HTTP/1.1\r\nHost: v6LB\r\n\r\n"u8.ToArray());
        var answer = new byte[4096];
        var length = 0;
        var text = "";
        while (!text.Contains("v6test", StringComparison.Ordinal) || text.Length < text.IndexOf("v6test", StringComparison.Ordinal) + 7)
        {
            var read = await client.Client.ReceiveAsync(answer.AsMemory(length));
            Assert.True(read > 0, $"closed after '{text}'");
            length += read;
            text = Encoding.ASCII.GetString(answer, 0, length);
        }

        return text[text.IndexOf("v6test", StringComparison.Ordinal)..];
    }
}
