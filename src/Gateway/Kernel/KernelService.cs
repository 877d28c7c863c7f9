using Gateway.Clusters;
using Gateway.Kernel.Netlink;

namespace Gateway.Kernel;

/// <summary>
/// Keeps the kernel's rules in line with the snapshot: at once when it changes, and several times a second where shares of
/// new flows follow loads. What the kernel does not take, or not yet, is the relay's, which listens on the same addresses.
/// </summary>
internal sealed partial class KernelService : IHostedService, IAsyncDisposable
{
    /// <summary>How often it is looked at, while stopping, whether flows are still in progress.</summary>
    private static readonly TimeSpan _drainInterval = TimeSpan.FromMilliseconds(100);

    private readonly ClusterStore _store;
    private readonly KernelOptions _options;
    private readonly ILogger _logger;
    private readonly KernelPasses _passes;
    private readonly VirtualAddresses _addresses;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _time;
    private Task _loop = Task.CompletedTask;
    private volatile KernelStatus _status = KernelStatus.Idle;
    private string? _lastError;
    private volatile bool _isStopping;
    private bool _disposed;

    /// <param name="store">What is wanted.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">The section of the configuration.</param>
    /// <param name="relayed">The TCP connections the relay has.</param>
    /// <param name="logger">Where every change of path is told.</param>
    public KernelService(
        ClusterStore store, TimeProvider time, KernelOptions options, Func<IEnumerable<RelayedFlow>> relayed,
        ILogger<KernelService> logger)
    {
        _store = store;
        _options = options;
        _time = time;
        _logger = logger;
        _addresses = new VirtualAddresses(time, logger);
        _passes = new KernelPasses(time, relayed, options);
    }

    /// <summary>How it stands now.</summary>
    public KernelStatus Status => _status;

    /// <summary>Puts the virtual addresses in place, before anybody listens on them, and begins.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsLinux())
        {
            _store.Subscribe(snapshot =>
            {
                _addresses.Apply(snapshot.VirtualServers);
                Wake();
            });
            _loop = Task.Run(LoopAsync, CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    /// <summary>Lets no new flow in, unless the rules stay; called when the host begins to stop.</summary>
    public void StopAccepting()
    {
        _isStopping = _options.OnStop != "keep";
        Wake();
    }

    /// <summary>Takes the rules out, once flows in progress have ended or time is over; or leaves all as it is for the next
    /// start.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_loop.Exception is { } broken)
        {
            LogFailed(broken.ToString());
        }

        if (_options.OnStop == "keep" || !OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            while (_passes.DrainPass() && !cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(_drainInterval, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (Exception e)
        {
            // Whatever it is, nothing of ours may stay behind: what the kernel has is read anew and taken out.
            LogFailed(Describe(e));
            _passes.Reset();
        }

        try
        {
            if (_passes.Remove() is { } why)
            {
                LogFailed(why);
            }
        }
        catch (Exception e)
        {
            LogFailed(Describe(e));
        }

        _addresses.RemoveAll();
    }

    /// <summary>Closes the way to the kernel once no pass uses it any more: the number of a closed descriptor may be
    /// that of another file at the next moment.</summary>
    public async ValueTask DisposeAsync()
    {
        // The container does it twice: for the service, and for the hosted service that is the same.
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _passes.Dispose();
        _addresses.Dispose();
        _stop.Dispose();
    }

    // Called by timers too, which may still fire while the service is being disposed, so that the semaphore never is. Two calls at
    // the same moment may be a pass too many, which finds nothing to do.
    private void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            _wake.Release();
        }
    }

    private async Task LoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            // Who has virtual addresses has paths, so that there is a pass every second.
            _addresses.Restore();
            Pass();
            using var timer = _passes.Interval is { } interval
                ? _time.CreateTimer(_ => Wake(), null, interval, Timeout.InfiniteTimeSpan) : null;
            await _wake.WaitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Pass()
    {
        var before = _status;
        string? error = null;
        try
        {
            if (_isStopping)
            {
                _passes.DrainPass();
            }
            else
            {
                _passes.Pass(_store.Current);
            }
        }
        catch (Exception e)
        {
            // Whatever it is, the relay serves, and the next pass looks at everything anew.
            error = Describe(e);
            _passes.Reset();
        }

        _status = _passes.Status(error);
        Tell(before, _status);
    }

    /// <summary>The kernel's refusals say all by themselves; anything else is an error of Gateway, and is to be found.</summary>
    private static string Describe(Exception e) => e is NetlinkException ? e.Message : e.ToString();

    private void Tell(KernelStatus before, KernelStatus now)
    {
        if (now.Error != _lastError)
        {
            _lastError = now.Error;
            if (now.Error is not null)
            {
                LogFailed(now.Error);
            }
        }

        if (now.Changes != before.Changes)
        {
            LogChanged(now.LastChange.TotalMilliseconds);
        }

        foreach (var path in now.Paths.Except(before.Paths))
        {
            var family = path.IsIPv6 ? "IPv6" : "IPv4";
            if (path.IsInKernel)
            {
                LogInKernel(path.VirtualServerId, family, path.Forwarding, path.Reason.Length > 0 ? ", " + path.Reason : "");
            }
            else
            {
                LogRelayed(path.VirtualServerId, family, path.Forwarding, path.Reason);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "{VirtualServer}: {Family} is forwarded by the kernel, {Forwarding}{Remark}")]
    private partial void LogInKernel(string virtualServer, string family, string forwarding, string remark);

    [LoggerMessage(LogLevel.Warning, "{VirtualServer}: {Family} is relayed and not forwarded {Forwarding}: {Reason}")]
    private partial void LogRelayed(string virtualServer, string family, string forwarding, string reason);

    [LoggerMessage(LogLevel.Debug, "Kernel rules were changed in {Milliseconds:F1} ms")]
    private partial void LogChanged(double milliseconds);

    [LoggerMessage(LogLevel.Error, "Kernel rules are not as they should be: {Error}")]
    private partial void LogFailed(string error);
}
