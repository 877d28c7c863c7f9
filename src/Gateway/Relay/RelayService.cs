using System.Runtime.InteropServices;
using Gateway.Clusters;
using Gateway.EventLoop;
using Gateway.Queueing;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>Relays the connections of all virtual servers: opens their listeners, watches the timeouts, and stops in
/// order.</summary>
internal sealed partial class RelayService : IHostedService, IDisposable
{
    // Timeouts are minutes; being a second late is not noticed.
    private static readonly TimeSpan _sweepInterval = TimeSpan.FromSeconds(1);

    private readonly ClusterStore _store;
    private readonly Listeners _listeners;
    private readonly ConnectionTable _connections;
    private readonly IRelayEngine _engine;
    private readonly ILogger _logger;
    private ITimer? _sweep;
    private PosixSignalRegistration? _hangup;
    private bool _disposed;

    public RelayService(
        ClusterStore store,
        ClusterSchedulers schedulers,
        ClusterQueues queues,
        TimeProvider time,
        ILogger<RelayService> logger,
        RelayOptions? options = null,
        NameCache? names = null)
    {
        _store = store;
        _logger = logger;
        _connections = new ConnectionTable(time, logger) { Names = names ?? new NameCache(time) };
        _engine = CreateEngine(options ?? new RelayOptions());
        _listeners = new Listeners(schedulers, queues, _engine, time, logger);
    }

    /// <summary>All connections in progress.</summary>
    public ConnectionTable Connections => _connections;

    /// <summary>The relayed virtual servers of the current snapshot, with their counters.</summary>
    public IReadOnlyList<VirtualServer> VirtualServers => _listeners.VirtualServers;

    /// <summary>Every configured address, and whether it is listened on.</summary>
    public IReadOnlyList<ListenerStatus> Listeners => _listeners.Status;

    /// <summary>Opens all listeners; throws <see cref="IOException"/> when one cannot be opened, because a program that
    /// serves less than it was told to must not look started.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _store.Subscribe(_listeners.Apply);
        var failed = _listeners.Status.Where(listener => !listener.IsListening).ToArray();
        if (failed.Length > 0)
        {
            _listeners.Close();
            throw new IOException(string.Join(
                Environment.NewLine,
                failed.Select(f => $"VirtualServers:{f.VirtualServerId}: cannot listen on {f.Configured}: {f.Error}.")));
        }

        _sweep = _connections.Time.CreateTimer(_ => Sweep(), null, _sweepInterval, _sweepInterval);
        if (!OperatingSystem.IsWindows())
        {
            // Whether the signal ends the process is for others to say.
            _hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => ReadCertificates());
        }

        return Task.CompletedTask;
    }

    /// <summary>Whether no connection is accepted any more.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>Closes all listeners; connections go on. Called when the host begins to stop, so that they drain while
    /// HTTP does and not after it.</summary>
    public void StopAccepting()
    {
        IsStopping = true;
        _listeners.Close();
    }

    /// <summary>
    /// Stops accepting, lets connections end by themselves until the host's shutdown timeout fires
    /// <paramref name="cancellationToken"/>, then resets the rest.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _listeners.Close();

        var empty = _connections.WhenEmptyAsync();
        await empty.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        if (!empty.IsCompleted)
        {
            LogAborting(_connections.Count);
            _connections.CloseAll(ConnectionEnd.Stopped);
            await empty;
        }

        Dispose();
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _hangup?.Dispose();
            _sweep?.Dispose();
            _engine.Dispose();
        }
    }

    private IRelayEngine CreateEngine(RelayOptions options) =>
        Loops.IsSupported && string.Equals(options.Engine, "auto", StringComparison.OrdinalIgnoreCase)
            ? new LoopEngine(new Loops(options.Loops, _connections.Time, _logger), _connections, _logger)
            : new SocketEngine(_connections, _logger);

    private void ReadCertificates()
    {
        foreach (var server in VirtualServers)
        {
            server.Tls?.ReadAgain();
        }
    }

    private void Sweep()
    {
        _listeners.Retry();
        _connections.CloseOverdue();
    }

    [LoggerMessage(LogLevel.Warning, "Shutdown timeout: resetting {Count} relayed connections")]
    private partial void LogAborting(int count);
}
