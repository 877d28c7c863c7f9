using System.Globalization;
using System.Net;

namespace Gateway.Tests.Support;

/// <summary>A real Redis server on a free loopback port; it can be killed and started again at the same place.</summary>
internal sealed class Redis : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-redis-").FullName;
    private DebianProcess? _process;

    private Redis(IPEndPoint endPoint) => EndPoint = endPoint;

    public IPEndPoint EndPoint { get; }

    public static async Task<Redis> StartAsync()
    {
        var redis = new Redis(new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback)));
        await redis.StartAgainAsync();
        return redis;
    }

    /// <summary>Runs one command through redis-cli and returns what it printed.</summary>
    public static async Task<string> CliAsync(IPEndPoint endPoint, params string[] command)
    {
        await using var cli = DebianProcess.Start(
            "redis-cli", ["-h", endPoint.Address.ToString(), "-p", Port(endPoint), .. command]);
        await cli.WaitForExitAsync();
        return cli.Output.Trim();
    }

    public async Task StartAgainAsync()
    {
        _process = DebianProcess.Start(
            "redis-server", "--bind", EndPoint.Address.ToString(), "--port", Port(EndPoint), "--dir", _folder,
            "--save", "", "--daemonize", "no");
        await _process.WaitUntilListeningAsync(EndPoint);
    }

    /// <summary>Ends Redis as a crash would: its connections are reset and its port refuses.</summary>
    public async Task KillAsync()
    {
        if (_process is not null)
        {
            await _process.KillAsync();
            await _process.DisposeAsync();
            _process = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Port(IPEndPoint endPoint) => endPoint.Port.ToString(CultureInfo.InvariantCulture);
}
