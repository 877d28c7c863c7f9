using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Integration;

/// <summary>The program as a process: exit codes, signals, the demo.</summary>
public class ProgramTests
{
    private static readonly string _program = Path.Combine(AppContext.BaseDirectory, "Gateway.dll");

    [Fact]
    public async Task Run_InvalidFile_PrintsEveryErrorAndExits2()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "appsettings.json");
        await File.WriteAllTextAsync(file, """
            { "ReverseProxy": { "Clusters": { "web": { "Destinations": { "a": { "Address": "http://127.0.0.1:1", "Wieght": 3 } } } } },
              "VirtualServers": { "tcp": { "Listen": [ "127.0.0.1:0" ], "ClusterId": "nowhere" } } }
            """);
        await using var gateway = DebianProcess.Start("dotnet", _program, "run", "--config", file);

        Assert.Equal(2, await gateway.WaitForExitAsync());
        Assert.Contains("Weight", gateway.Output, StringComparison.Ordinal);
        Assert.Contains("nowhere", gateway.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Terminated_DrainsAndExits0()
    {
        var isStopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var a = await HttpDestination.StartAsync("a", async context =>
        {
            await isStopping.Task.WaitAsync(context.RequestAborted);
            await context.Response.Body.WriteAsync("slow"u8.ToArray());
        });
        using var folder = new TemporaryFolder();
        var port = FreePort.On(IPAddress.Loopback);
        var file = Path.Combine(folder.Path, "appsettings.json");
        var json = Json.Proxy("rr", [Json.Destination("a", a.Address)]);
        await File.WriteAllTextAsync(file, json.Insert(json.IndexOf('{') + 1, $$"""
             "Telemetry": { "Listen": "127.0.0.1:0" },
             "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:{{port}}" } } },
            """));
        await using var gateway = DebianProcess.Start("dotnet", _program, "run", "--config", file);
        await gateway.WaitUntilListeningAsync(new IPEndPoint(IPAddress.Loopback, port));
        using var client = new HttpClient();

        var inProgress = client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"));
        await Eventually.TrueAsync(() => a.Requests == 1, "the request is in progress");
        gateway.Signal(PosixSignalNumber.Terminate);
        await Eventually.TrueAsync(() => RefusesAsync(port), "the listener is closed");
        isStopping.SetResult();

        Assert.Equal("slow", await inProgress);
        Assert.Equal(0, await gateway.WaitForExitAsync());
    }

    [Fact]
    public async Task Run_PortTaken_SaysWhichAndExits2()
    {
        using var taken = new TcpDestination();
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "appsettings.json");
        var json = Json.Relay("rr", [Json.Destination("a", "tcp://127.0.0.1:1")], listen: $"\"{taken.EndPoint}\"");
        await File.WriteAllTextAsync(file, json.Insert(json.IndexOf('{') + 1, """ "Telemetry": { "Listen": "127.0.0.1:0" }, """));
        await using var gateway = DebianProcess.Start("dotnet", _program, "run", "--config", file);

        Assert.Equal(2, await gateway.WaitForExitAsync());
        Assert.Contains(taken.EndPoint.ToString(), gateway.Output, StringComparison.Ordinal);
    }

    private static async Task<bool> RefusesAsync(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
