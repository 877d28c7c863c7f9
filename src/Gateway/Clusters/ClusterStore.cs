using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Clusters;

/// <summary>
/// The one writer of snapshots. Changes are applied one at a time under a lock, and every subscriber is given the whole
/// new snapshot before the change returns, so that a destination that failed is out of all schedulers at once.
/// </summary>
/// <remarks>Subscribers are called in the order in which they subscribed, must be quick and must not throw. If one does, the
/// others get the snapshot all the same, and whoever made the change gets an <see cref="AggregateException"/>.</remarks>
internal sealed partial class ClusterStore
{
    /// <summary>So many destinations that are gone keep their counters, which is a few megabytes.</summary>
    internal const int MostAbsentStates = 10_000;

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ITimer _expiry;
    private readonly List<Action<Snapshot>> _subscribers = [];
    private readonly StandingMemory _memory = new();
    private readonly ConcurrentDictionary<(string Cluster, string Destination), DestinationState> _states =
        new(DestinationId.Comparer);

    private volatile Snapshot _current = Snapshot.Empty;

    public ClusterStore(TimeProvider time, ILogger<ClusterStore>? log = null)
    {
        _time = time;
        _log = log ?? NullLogger<ClusterStore>.Instance;
        _expiry = time.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public Snapshot Current => _current;

    /// <summary>The clock by which words end and ramps grow.</summary>
    public TimeProvider Time => _time;

    /// <summary>Calls <paramref name="subscriber"/> with the current snapshot now and with every later one.</summary>
    public void Subscribe(Action<Snapshot> subscriber)
    {
        lock (_gate)
        {
            _subscribers.Add(subscriber);
            subscriber(_current);
        }
    }

    /// <summary>
    /// Replaces all clusters and virtual servers. A destination whose address is the same keeps its
    /// standing; counters and a person's words are kept by id in any case, of destinations that are gone too, until there
    /// are more than <see cref="MostAbsentStates"/> of those. Nothing is published when nothing differs.
    /// </summary>
    public void Apply(IReadOnlyList<ClusterOptions> clusters, IReadOnlyList<VirtualServerOptions> virtualServers)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            var next = new Cluster[clusters.Count];
            for (var i = 0; i < next.Length; i++)
            {
                var old = _current.FindCluster(clusters[i].Id);
                next[i] = old is not null && OptionsEquality.Same(old.Options, clusters[i])
                    ? old
                    : Build(clusters[i], old, now);
            }

            var same = next.AsSpan().SequenceEqual(_current.Clusters.ToArray())
                && OptionsEquality.Same(virtualServers, _current.VirtualServers);
            if (!same)
            {
                ForgetNeedsLock(next, now);
                PublishNeedsLock(next, virtualServers);
            }
        }
    }

    /// <summary>Sets the probe's word on a destination, as <see cref="SetProbes"/> does.</summary>
    public void SetProbe(Destination probed, ProbeVerdict verdict, string reason) => SetProbes([new(probed, verdict, reason)]);

    /// <summary>
    /// Sets probes' words on destinations, in one snapshot. A word is ignored when the destination, its address or its
    /// cluster's probe has changed since it was probed, because the finding is then about something else.
    /// </summary>
    public void SetProbes(IEnumerable<ProbeWord> words)
    {
        var byState = words.ToLookup(word => word.Probed.State);
        Change(
            destination => byState.Contains(destination.State),
            (destination, standing) => byState[destination.State].Where(word => IsAbout(word.Probed, destination)).Aggregate(
                standing,
                (before, word) => before with
                {
                    Probe = word.Verdict,
                    ProbeReason = word.Reason,
                    Since = before.Probe == word.Verdict ? before.Since : _time.GetUtcNow(),
                }));
    }

    /// <summary>Sets what real traffic says of a destination, null being nothing against it; ignored when its address has
    /// changed since.</summary>
    public void SetPassive(Destination observed, PassiveWord? word) =>
        Change(
            destination => IsSame(destination, observed),
            standing => standing with { Passive = word, LastEjection = word ?? standing.LastEjection });

    /// <summary>Sets what a destination's agent asks for, null being that it has none; ignored when the destination's
    /// address has changed since.</summary>
    public void SetAgent(Destination heard, AgentWord? word) =>
        Change(destination => IsSame(destination, heard), standing => standing with { Agent = word });

    private static bool IsNamed(Destination destination, string clusterId, string destinationId) =>
        DestinationId.Comparer.Equals((destination.ClusterId, destination.Id), (clusterId, destinationId));

    private static bool IsAbout(Destination probed, Destination destination) =>
        IsSame(destination, probed)
        && destination.Probe is not null
        && destination.Probe == probed.Probe
        && destination.Options.ProbeAddress == probed.Options.ProbeAddress;

    private static bool IsSame(Destination destination, Destination other) =>
        IsNamed(destination, other.ClusterId, other.Id) && destination.Options.Address == other.Options.Address;

    /// <summary>Changes the words on all destinations that match, in one snapshot; returns how many match. Nothing is
    /// published when nothing differs.</summary>
    private int Change(Func<Destination, bool> which, Func<Standing, Standing> change) =>
        Change(which, (_, standing) => change(standing));

    private int Change(Func<Destination, bool> which, Func<Destination, Standing, Standing> change)
    {
        lock (_gate)
        {
            var found = 0;
            ReplaceNeedsLock(destination =>
            {
                if (!which(destination))
                {
                    return null;
                }

                found++;
                return change(destination, destination.Standing);
            });
            return found;
        }
    }

    /// <summary>Takes back words that have ended.</summary>
    private void Expire()
    {
        lock (_gate)
        {
            try
            {
                // A timer may fire a little early; publishing sets it anew in any case.
                if (!ReplaceNeedsLock(destination => destination.Standing))
                {
                    ScheduleExpiryNeedsLock(_time.GetUtcNow());
                }
            }
            catch (Exception e)
            {
                // On a timer's thread it would end the process. The next look sets the timer as it should be.
                LogFailed(e);
                _expiry.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Gives destinations other words, none where <paramref name="change"/> returns null; false, and nothing
    /// published, when no destination differs then.</summary>
    private bool ReplaceNeedsLock(Func<Destination, Standing?> change)
    {
        var now = _time.GetUtcNow();
        var clusters = _current.Clusters.ToArray();
        var any = false;
        for (var i = 0; i < clusters.Length; i++)
        {
            var destinations = clusters[i].Destinations;
            Destination[]? changed = null;
            for (var j = 0; j < destinations.Count; j++)
            {
                if (change(destinations[j])?.At(now) is { } standing && Differs(destinations[j], standing, now))
                {
                    changed ??= [.. destinations];
                    changed[j] = Create(clusters[i].Options, destinations[j].Options, standing, destinations[j], now);
                }
            }

            if (changed is not null)
            {
                any = true;
                clusters[i] = new Cluster(clusters[i].Options, changed);
            }
        }

        if (any)
        {
            PublishNeedsLock(clusters, _current.VirtualServers);
        }

        return any;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Somebody could not follow the end of an order; it goes on")]
    private partial void LogFailed(Exception error);

    private static bool Differs(Destination destination, Standing standing, DateTimeOffset now) =>
        destination.Standing != standing || destination.Judgement != Judge(destination.Options, standing, destination.Probe, now);

    private void PublishNeedsLock(IReadOnlyList<Cluster> clusters, IReadOnlyList<VirtualServerOptions> virtualServers)
    {
        _current = new Snapshot(_current.Revision + 1, clusters, virtualServers);
        ScheduleExpiryNeedsLock(_time.GetUtcNow());
        List<Exception>? failures = null;
        foreach (var subscriber in _subscribers)
        {
            try
            {
                subscriber(_current);
            }
            catch (Exception e)
            {
                // The others must not go on with an old snapshot because of one; whoever made the change hears of it below.
                (failures ??= []).Add(e);
            }
        }

        if (failures is not null)
        {
            throw new AggregateException($"Not everyone could follow revision {_current.Revision}.", failures);
        }
    }

    /// <summary>Sets the timer to the next moment at which a word ends.</summary>
    private void ScheduleExpiryNeedsLock(DateTimeOffset now)
    {
        DateTimeOffset? next = null;
        foreach (var cluster in _current.Clusters)
        {
            foreach (var destination in cluster.Destinations)
            {
                var change = destination.Standing.NextChange(now);
                next = next is null || change < next ? change ?? next : next;
            }
        }

        // Timers hold no more than 49 days; a day is as good, since the wait is computed anew then.
        _expiry.Change(
            next is not { } at ? Timeout.InfiniteTimeSpan
            : at <= now ? TimeSpan.Zero
            : at - now < TimeSpan.FromDays(1) ? at - now
            : TimeSpan.FromDays(1),
            Timeout.InfiniteTimeSpan);
    }
}
