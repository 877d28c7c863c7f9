using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests.Integration;

/// <summary><c>gateway balance</c> as a process: no file, balance's own notation.</summary>
public class BalanceCommandTests
{
    private static readonly string _program = Path.Combine(AppContext.BaseDirectory, "Gateway.dll");

    [NeedsFact("nginx")]
    public async Task Balance_TwoAndABackup_TurnsThenFailsOver()
    {
        await using var a = await Nginx.StartAsync("a");
        await using var b = await Nginx.StartAsync("b");
        await using var c = await Nginx.StartAsync("c");
        var listen = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        await using var gateway = DebianProcess.Start("dotnet", _program, "balance", "-f", "-b", "127.0.0.1", "-t", "2",
            $"{listen.Port}", $"{a.EndPoint}", $"{b.EndPoint}:16", "!", $"{c.EndPoint}");
        await gateway.WaitUntilListeningAsync(listen);

        var answers = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            answers.Add(await AskAsync(listen));
        }

        // Not in strict turns: the look whether it listens was a connection, too, and may come between.
        Assert.Equal(["a", "b"], answers.Distinct().Order());
        await a.KillAsync();
        Assert.Equal("b", await AskAsync(listen));
        Assert.DoesNotContain("localhost:5000", gateway.Output, StringComparison.Ordinal);
        await b.KillAsync();
        Assert.Equal("c", await AskAsync(listen));
        gateway.Signal(PosixSignalNumber.Terminate);
        Assert.Equal(0, await gateway.WaitForExitAsync());
    }

    [Fact]
    public async Task Balance_Save_WritesAFileThatIsValidAndStartsNothing()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "appsettings.json");
        await using var save = DebianProcess.Start("dotnet", _program, "balance", "8080", "web1", "web2::16", "%", "--http", "--save", file);
        Assert.Equal(0, await save.WaitForExitAsync());
        await using var check = DebianProcess.Start("dotnet", _program, "check", file);

        Assert.Equal(0, await check.WaitForExitAsync());
        Assert.Contains("1 route, 0 virtual servers, 1 cluster, 2 destinations", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Balance_Wrong_SaysAllAndExits2()
    {
        await using var gateway = DebianProcess.Start("dotnet", _program, "balance", "-B", "nobody", "80", "a:b:c");

        Assert.Equal(2, await gateway.WaitForExitAsync());
        Assert.Contains("-B", gateway.Output, StringComparison.Ordinal);
        Assert.Contains("'a:b:c' is no channel", gateway.Output, StringComparison.Ordinal);
    }

    private static async Task<string> AskAsync(IPEndPoint endPoint)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(endPoint);
        await client.Client.SendAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        var answer = await reader.ReadToEndAsync();
        return answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
    }
}
