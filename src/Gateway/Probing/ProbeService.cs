using System.Collections.Concurrent;
using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>
/// Keeps one <see cref="ProbeLoop"/> for every destination whose cluster has a probe, and tells the store each verdict.
/// </summary>
/// <remarks><c>create</c> makes the prober of a cluster; in the program it is <see cref="Probers.Create"/>.</remarks>
internal sealed partial class ProbeService(
    ClusterStore store, TimeProvider time, ILogger<ProbeService> log, Func<ProbeOptions, IProber> create)
    : BackgroundService
{
    private readonly ConcurrentDictionary<(string Cluster, string Destination), ProbeStatistics> _statistics = new();
    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();

    private Dictionary<(string Cluster, string Destination), ProbeLoop> _loops = [];
    private ClusterOptions[] _followed = [];
    private bool _stopped;

    /// <summary>Called on the destination's loop after each of its probes; must be quick and must not throw.</summary>
    public event Action<Destination, ProbeReport>? Probed;

    /// <summary>What the probes of a destination found; null when none has ended since the process started. Kept when
    /// the destination goes, so that the numbers go on when it comes back.</summary>
    public ProbeStatistics? FindStatistics(string clusterId, string destinationId) =>
        _statistics.GetValueOrDefault((clusterId, destinationId));

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        store.Subscribe(Follow);
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await StopLoopsAsync();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _broken.Task.WaitAsync(stoppingToken);

    /// <summary>Starts, keeps and stops loops so that they are those of the snapshot. Called under the store's lock.
    /// </summary>
    private void Follow(Snapshot snapshot)
    {
        lock (_gate)
        {
            // Most snapshots bring a verdict, that is our own words back, and leave the options as they were.
            var options = snapshot.Clusters.Select(cluster => cluster.Options).ToArray();
            if (_stopped || options.SequenceEqual(_followed, ReferenceEqualityComparer.Instance))
            {
                return;
            }

            _followed = options;
            ReplaceLoopsNeedsLock(snapshot);
        }
    }

    private void ReplaceLoopsNeedsLock(Snapshot snapshot)
    {
        var old = _loops;
        var added = new List<(ProbeLoop Loop, TimeSpan Interval, Task Before)>();
        _loops = [];
        foreach (var cluster in snapshot.Clusters)
        {
            if (cluster.Options.Probe is not { } probe)
            {
                continue;
            }

            IProber? prober = null;
            foreach (var destination in cluster.Destinations)
            {
                var key = (cluster.Id, destination.Id);
                old.Remove(key, out var loop);
                if (loop is null || !loop.IsFor(destination, probe))
                {
                    loop?.Dispose();
                    var before = loop?.Ended ?? Task.CompletedTask;
                    prober ??= create(probe);
                    loop = new ProbeLoop(destination, probe, prober, time, log);
                    added.Add((loop, probe.Interval, before));
                }

                _loops.Add(key, loop);
            }
        }

        foreach (var loop in old.Values)
        {
            loop.Dispose();
        }

        foreach (var (loop, interval, before) in added)
        {
            loop.Start(before, ProbePace.First(added.Count, interval, Random.Shared.NextDouble()), Observe);
            _ = WatchAsync(loop);
        }
    }

    private void Observe(ProbeLoop loop, ProbeReport report)
    {
        var destination = loop.Destination;
        var result = report.Result;
        var statistics = _statistics.GetOrAdd((destination.ClusterId, destination.Id), _ => new ProbeStatistics());
        var wasLocalFailure = statistics.Last?.Result.Decides == false;
        statistics.Record(report);
        Probed?.Invoke(destination, report);

        var address = $"{destination.Options.Address.Host}:{destination.Options.Address.Port}";
        LogProbed(destination.ClusterId, destination.Id, address, result, report.Duration.TotalMilliseconds);
        if (!result.Decides)
        {
            if (!wasLocalFailure)
            {
                LogCannotProbe(destination.ClusterId, destination.Id, address, result);
            }
        }
        else if (loop.RiseFall.Observe(result.Passed))
        {
            var verdict = loop.RiseFall.IsUp ? ProbeVerdict.Up : ProbeVerdict.Down;
            store.SetProbe(destination, verdict, result.Outcome.ToString());
            LogVerdict(
                destination.ClusterId, destination.Id, address, result.Passed ? "up" : "down", result,
                loop.RiseFall.InARow);
        }
    }

    // A loop ends by itself only if something of ours threw: the host must hear of it, because that destination would
    // keep its last verdict for ever.
    private async Task WatchAsync(ProbeLoop loop)
    {
        try
        {
            await loop.Ended;
        }
        catch (Exception e)
        {
            _broken.TrySetException(e);
        }
    }

    private async Task StopLoopsAsync()
    {
        Task[] ended;
        lock (_gate)
        {
            _stopped = true;
            ended = [.. _loops.Values.Select(loop => loop.Ended)];
            foreach (var loop in _loops.Values)
            {
                loop.Dispose();
            }
        }

        await Task.WhenAll(ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Cluster}: destination {Destination} ({Address}) {Verdict}: {Result}, {InARow} in a row")]
    private partial void LogVerdict(
        string cluster, string destination, string address, string verdict, ProbeResult result, int inARow);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Cluster}: destination {Destination} ({Address}) cannot be probed and keeps its standing: {Result}")]
    private partial void LogCannotProbe(string cluster, string destination, string address, ProbeResult result);

    [LoggerMessage(Level = LogLevel.Debug,
        Message = "{Cluster}: destination {Destination} ({Address}) probed: {Result} in {Milliseconds:0.0} ms")]
    private partial void LogProbed(
        string cluster, string destination, string address, ProbeResult result, double milliseconds);
}
