using System.Globalization;
using System.Net;

namespace Gateway.Tests.Support;

/// <summary>A real dnsmasq on a free loopback port that knows only what it is told.</summary>
internal sealed class Dnsmasq : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private DebianProcess? _process;

    public IPEndPoint EndPoint { get; } = new(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));

    private string ConfigurationFile => Path.Combine(_folder.Path, "dnsmasq.conf");

    /// <summary>Starts it with lines of its configuration file, such as <c>host-record=web.test,10.0.0.1</c>.</summary>
    public static async Task<Dnsmasq> StartAsync(params string[] lines)
    {
        var dnsmasq = new Dnsmasq();
        await dnsmasq.StartAgainAsync(lines);
        return dnsmasq;
    }

    /// <summary>Starts it again at the same place with other lines.</summary>
    public async Task StartAgainAsync(params string[] lines)
    {
        await KillAsync();
        await File.WriteAllLinesAsync(ConfigurationFile, lines);
        _process = DebianProcess.Start(
            "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", $"--conf-file={ConfigurationFile}",
            "--bind-interfaces", "--listen-address=127.0.0.1", $"--user={Environment.UserName}", "--pid-file=",
            $"--port={EndPoint.Port.ToString(CultureInfo.InvariantCulture)}");
        await _process.WaitUntilListeningAsync(EndPoint);
    }

    /// <summary>Ends it as a crash would: its port refuses.</summary>
    public async Task KillAsync()
    {
        if (_process is not null)
        {
            await _process.KillAsync();
            await _process.DisposeAsync();
            _process = null;
        }
    }

    /// <summary>Stops (SIGSTOP) or continues it: nothing answers.</summary>
    public void Signal(PosixSignalNumber signal) => _process!.Signal(signal);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _folder.Dispose();
    }
}
