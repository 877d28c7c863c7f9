using System.Collections.Concurrent;
using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>
/// Keeps one <see cref="ProbeLoop"/> for every target and probe of the snapshot, and one <see cref="ProbeWatch"/> for every
/// destination whose cluster has a probe.
/// </summary>
/// <remarks><c>create</c> makes the prober of a probe; in the program it is <see cref="Probers.Create"/>.</remarks>
internal sealed class ProbeService(
    ClusterStore store, TimeProvider time, ILogger<ProbeService> log, Func<ProbeOptions, IProber> create)
    : BackgroundService
{
    private readonly ConcurrentDictionary<(string Cluster, string Destination), ProbeStatistics> _statistics =
        new(DestinationId.Comparer);

    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly VerdictQueue _verdicts = new(store, log);
    private readonly Lock _gate = new();

    private Dictionary<(ProbeTarget Target, ProbeOptions Options), ProbeLoop> _loops = [];
    private Dictionary<(string Cluster, string Destination), ProbeWatch> _watches = [];
    private ClusterOptions[] _followed = [];
    private bool _stopped;

    /// <summary>Called on the destination's loop after each of its probes; must be quick and must not throw.</summary>
    public event Action<Destination, ProbeReport>? Probed;

    /// <summary>What the probes of a destination found; null when none has ended since the process started. Kept when
    /// the destination goes, so that the numbers go on when it comes back, until more than
    /// <see cref="ClusterStore.MostAbsentStates"/> are kept so.</summary>
    public ProbeStatistics? FindStatistics(string clusterId, string destinationId) =>
        _statistics.GetValueOrDefault((clusterId, destinationId)) is { Last: not null } statistics ? statistics : null;

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
        var (oldLoops, oldWatches) = (_loops, _watches);
        var probers = new Dictionary<ProbeOptions, IProber>();
        var plan = new LoopPlan(oldLoops, key =>
        {
            var prober = probers.GetValueOrDefault(key.Options) ?? (probers[key.Options] = create(key.Options));
            return new ProbeLoop(key.Target, key.Options, prober, time, log);
        });
        _watches = [];
        foreach (var cluster in snapshot.Clusters)
        {
            var probes = cluster.Options.AllProbes.ToArray();
            foreach (var destination in probes.Length == 0 ? [] : cluster.Destinations)
            {
                var key = (cluster.Id, destination.Id);
                var before = oldWatches.GetValueOrDefault(key);
                var loops = plan.LoopsFor(destination, probes, before);
                _watches[key] = before is not null && IsFor(before, destination, loops)
                    ? plan.Keep(before)
                    : plan.Add(new ProbeWatch(
                        destination, loops, _statistics.GetOrAdd(key, _ => new ProbeStatistics()), _verdicts, time, log,
                        TellProbed));
            }
        }

        ForgetStatisticsNeedsLock();
        _loops = plan.Finish();
        foreach (var (loop, before) in plan.Started)
        {
            var first = ProbePace.First(plan.Started.Count, loop.Options.Interval, Random.Shared.NextDouble());
            loop.Start(before, first);
            _ = WatchAsync(loop.Ended);
        }

        // Later, because the store's lock is held and its news would come inside another's.
        foreach (var watch in plan.Added.Where(watch => watch.HasNews))
        {
            _ = WatchAsync(Task.Run(watch.CatchUp));
        }

        foreach (var destination in AbandonedByAgent(snapshot))
        {
            _ = WatchAsync(Task.Run(() => _verdicts.TellAgent(destination, null)));
        }
    }

    // Where a name's addresses change all the time, destinations that never come back would pile up.
    private void ForgetStatisticsNeedsLock()
    {
        if (_statistics.Count - _watches.Count <= ClusterStore.MostAbsentStates)
        {
            return;
        }

        foreach (var (key, _) in _statistics)
        {
            if (!_watches.ContainsKey(key))
            {
                _statistics.TryRemove(key, out _);
            }
        }
    }

    // The word of an agent that is asked no more must not hold for ever.
    private static Destination[] AbandonedByAgent(Snapshot snapshot) =>
    [
        .. from cluster in snapshot.Clusters
           where !cluster.Options.AllProbes.Any(ProbeAdvice.IsGivenBy)
           from destination in cluster.Destinations
           where destination.Standing.Agent is not null
           select destination,
    ];

    // A new weight or limit is nothing to a probe; a new address makes all it found worthless, even when the same is probed.
    private static bool IsFor(ProbeWatch watch, Destination destination, IReadOnlyList<ProbeLoop> loops) =>
        watch.Destination.Options.Address == destination.Options.Address && watch.Loops.SequenceEqual(loops);

    private void TellProbed(Destination destination, ProbeReport report) => Probed?.Invoke(destination, report);

    // A loop ends by itself only if something of ours threw: the host must hear of it, because that destination would
    // keep its last verdict for ever.
    private async Task WatchAsync(Task task)
    {
        try
        {
            await task;
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
}
