using Gateway.Clusters;

namespace Gateway.Passive;

/// <summary>Ejects destinations at which flows fail again and again: sets their passive word, for a time that grows when it
/// happens again soon. HTTP and the relay tell it through the counters of the destination.</summary>
internal sealed partial class OutlierDetector
{
    private readonly ClusterStore _store;
    private readonly ILogger<OutlierDetector> _log;
    private readonly Lock _ejecting = new();

    public OutlierDetector(ClusterStore store, ILogger<OutlierDetector> log)
    {
        _store = store;
        _log = log;
        store.Subscribe(Watch);
    }

    /// <summary>How long the next ejection lasts, and how many there have been in a row with it.</summary>
    /// <param name="options">The cluster's section.</param>
    /// <param name="before">How many there were in a row before.</param>
    /// <param name="sinceLast">Time since the last one ended.</param>
    public static (TimeSpan Duration, int InARow) Next(PassiveOptions options, int before, TimeSpan sinceLast)
    {
        var inARow = sinceLast < options.LongestEjection ? before + 1 : 1;
        // By the ratio: an hour doubled as often as that is more than a time can hold.
        var times = Math.Pow(2, Math.Min(inARow - 1, 30));
        return (times < options.LongestEjection / options.Ejection ? options.Ejection * times : options.LongestEjection, inARow);
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
        foreach (var cluster in snapshot.Clusters)
        {
            foreach (var destination in cluster.Destinations)
            {
                destination.State.WatchFailures(
                    cluster.Options.Passive?.Failures ?? 0, cluster.Options.Passive is null ? null : Suspect);
            }
        }
    }

    // The flow that failed last is not to wait for a new snapshot.
    private void Suspect(DestinationState state, FailureReason reason) =>
        ThreadPool.UnsafeQueueUserWorkItem(_ => Eject(state, reason), null);

    private void Eject(DestinationState state, FailureReason reason)
    {
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
            var last = suspect.Standing.LastEjection;
            var (duration, inARow) = Next(options, last?.Ejections ?? 0, now - (last?.Until ?? now));
            state.CountSuccess();
            _store.SetPassive(suspect, new PassiveWord(
                $"{options.Failures} failures in a row, the last {reason}", now, now + duration, inARow));
            LogEjected(suspect, duration.TotalSeconds, inARow, options.Failures, reason);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Destination} is ejected for {Seconds:0.#} s, {InARow} in a row: {Failures} failures in a row, the last {Reason}")]
    private partial void LogEjected(
        Destination destination, double seconds, int inARow, int failures, FailureReason reason);
}
