using Gateway.Clusters;

namespace Gateway.Passive;

/// <summary>Ejects destinations at which flows fail again and again: sets their passive word, for a time that grows when it
/// happens again soon. HTTP and the relay tell it through the counters of the destination.</summary>
internal sealed partial class OutlierDetector
{
    private readonly ClusterStore _store;
    private readonly ILogger<OutlierDetector> _log;
    private readonly Lock _ejecting = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<DestinationState, Ejection> _last = [];

    public OutlierDetector(ClusterStore store, ILogger<OutlierDetector> log)
    {
        _store = store;
        _log = log;
        store.Subscribe(Watch);
    }

    private readonly record struct Ejection(int InARow, DateTimeOffset Until);

    /// <summary>How long the next ejection lasts, and how many there have been in a row with it.</summary>
    /// <param name="options">The cluster's section.</param>
    /// <param name="before">How many there were in a row before.</param>
    /// <param name="sinceLast">Time since the last one ended.</param>
    public static (TimeSpan Duration, int InARow) Next(PassiveOptions options, int before, TimeSpan sinceLast)
    {
        var inARow = sinceLast < options.LongestEjection ? before + 1 : 1;
        var doubled = options.Ejection * Math.Pow(2, Math.Min(inARow - 1, 30));
        return (doubled < options.LongestEjection ? doubled : options.LongestEjection, inARow);
    }

    /// <summary>Whether one more destination of the cluster may be ejected.</summary>
    public static bool MayEject(PassiveOptions options, Cluster cluster, Destination suspect)
    {
        var ejected = cluster.Destinations.Count(d => d.Standing.Passive is not null);
        var most = Math.Max(cluster.Destinations.Count * options.MostEjected / 100, options.MostEjected == 0 ? 0 : 1);
        return ejected < most
            && cluster.Destinations.Any(d => d.State != suspect.State && d.Judgement.Availability == Availability.InService);
    }

    private void Watch(Snapshot snapshot)
    {
        lock (_gate)
        {
            var present = new HashSet<DestinationState>();
            foreach (var cluster in snapshot.Clusters)
            {
                foreach (var destination in cluster.Destinations)
                {
                    present.Add(destination.State);
                    destination.State.WatchFailures(
                        cluster.Options.Passive?.Failures ?? 0, cluster.Options.Passive is null ? null : Suspect);
                }
            }

            foreach (var gone in _last.Keys.Where(state => !present.Contains(state)).ToList())
            {
                _last.Remove(gone);
            }
        }
    }

    // The flow that failed last is not to wait for a new snapshot.
    private void Suspect(DestinationState state, FailureReason reason) =>
        ThreadPool.UnsafeQueueUserWorkItem(_ => Eject(state, reason), null);

    private void Eject(DestinationState state, FailureReason reason)
    {
        // The store calls Watch under its own lock, so this one is not the one Watch takes.
        lock (_ejecting)
        {
            var cluster = _store.Current.FindCluster(state.ClusterId);
            if (cluster?.Options.Passive is not { } options
                || cluster.Find(state.DestinationId) is not { Standing.Passive: null } suspect
                || suspect.State.FailuresInARow < options.Failures
                || !MayEject(options, cluster, suspect))
            {
                return;
            }

            var now = _store.Time.GetUtcNow();
            var (duration, inARow) = Remember(state, options, now);
            state.CountSuccess();
            _store.SetPassive(suspect, new PassiveWord(
                $"{options.Failures} failures in a row, the last {reason}", now, now + duration, inARow));
            LogEjected(suspect, duration.TotalSeconds, inARow, options.Failures, reason);
        }
    }

    private (TimeSpan Duration, int InARow) Remember(DestinationState state, PassiveOptions options, DateTimeOffset now)
    {
        lock (_gate)
        {
            var last = _last.GetValueOrDefault(state);
            var next = Next(options, last.InARow, now - last.Until);
            _last[state] = new Ejection(next.InARow, now + next.Duration);
            return next;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Destination} is ejected for {Seconds:0.#} s, {InARow} in a row: {Failures} failures in a row, the last {Reason}")]
    private partial void LogEjected(
        Destination destination, double seconds, int inARow, int failures, FailureReason reason);
}
