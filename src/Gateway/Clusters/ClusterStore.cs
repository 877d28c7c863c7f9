using System.Collections.Concurrent;

namespace Gateway.Clusters;

/// <summary>
/// The one writer of snapshots. Changes are applied one at a time under a lock, and every subscriber is given the whole
/// new snapshot before the change returns, so that a destination that failed is out of all schedulers at once.
/// </summary>
/// <remarks>Subscribers are called in the order in which they subscribed, must be quick and must not throw. If one does, the
/// others get the snapshot all the same, and whoever made the change gets an <see cref="AggregateException"/>.</remarks>
internal sealed class ClusterStore(TimeProvider time)
{
    /// <summary>So many destinations that are gone keep their counters, which is a few megabytes.</summary>
    internal const int MostAbsentStates = 10_000;

    private readonly Lock _gate = new();
    private readonly List<Action<Snapshot>> _subscribers = [];
    private readonly ConcurrentDictionary<(string Cluster, string Destination), DestinationState> _states =
        new(IdComparer.Instance);

    private volatile Snapshot _current = Snapshot.Empty;

    public Snapshot Current => _current;

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
    /// standing; counters are kept by id in any case, of destinations that are gone too, until there are more than
    /// <see cref="MostAbsentStates"/> of those. Nothing is published when nothing differs.
    /// </summary>
    public void Apply(IReadOnlyList<ClusterOptions> clusters, IReadOnlyList<VirtualServerOptions> virtualServers)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
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
                ForgetNeedsLock(next);
                PublishNeedsLock(next, virtualServers);
            }
        }
    }

    /// <summary>
    /// Sets the probe's word on a destination; ignored when the destination, its address or its cluster's probe has
    /// changed since <paramref name="probed"/> was probed, because the finding is then about something else.
    /// </summary>
    public void SetProbe(Destination probed, ProbeVerdict verdict, string reason)
    {
        lock (_gate)
        {
            var cluster = _current.FindCluster(probed.ClusterId);
            var destination = cluster?.Find(probed.Id);
            if (cluster?.Options.Probe is null || destination is null
                || destination.Probe != probed.Probe
                || destination.Options.Address != probed.Options.Address
                || destination.Options.ProbeAddress != probed.Options.ProbeAddress
                || (destination.Standing.Probe == verdict && destination.Standing.ProbeReason == reason))
            {
                return;
            }

            var since = destination.Standing.Probe == verdict ? destination.Standing.Since : time.GetUtcNow();
            var replacement = Create(
                cluster.Options, destination.Options, new Standing(verdict, reason, since), destination);
            var changed = new Cluster(
                cluster.Options, [.. cluster.Destinations.Select(d => ReferenceEquals(d, destination) ? replacement : d)]);
            PublishNeedsLock(
                [.. _current.Clusters.Select(c => ReferenceEquals(c, cluster) ? changed : c)], _current.VirtualServers);
        }
    }

    // What is known of a destination is kept while its address is: editing a probe must not take a working pool out until
    // the new probe has ended, whose first result decides at once either way.
    private static Standing StandingOf(
        DestinationOptions wanted, ProbeOptions? probe, Destination? before, DateTimeOffset now) =>
        probe is null ? before?.Standing is { Probe: ProbeVerdict.None } same ? same : new Standing(ProbeVerdict.None, "", now)
        : before is not null && before.Options.Address == wanted.Address ? before.Standing
        : new Standing(ProbeVerdict.Pending, "", now);

    private Cluster Build(ClusterOptions options, Cluster? old, DateTimeOffset now)
    {
        var destinations = new Destination[options.Destinations.Count];
        for (var i = 0; i < destinations.Length; i++)
        {
            var wanted = options.Destinations[i];
            var before = old?.Find(wanted.Id);
            var standing = StandingOf(wanted, options.Probe, before, now);
            destinations[i] = Create(options, wanted, standing, before);
        }

        return new Cluster(options, destinations);
    }

    private Destination Create(
        ClusterOptions cluster, DestinationOptions options, Standing standing, Destination? before)
    {
        var state = _states.GetOrAdd((cluster.Id, options.Id), id => new DestinationState(id.Cluster, id.Destination));
        state.SetLimits(options.MaxConnections, options.UpperThreshold, options.LowerThreshold);
        state.SetWeight(options.Weight);
        return new Destination(cluster.Id, options, standing, standing.IsUp(cluster.Probe), state, before)
        {
            Probe = cluster.Probe,
        };
    }

    /// <summary>Forgets destinations that are gone and have no flow, once too many are kept: where ids are made up anew with
    /// every deployment, they would pile up for ever. The counters of those begin at 0 should they come back.</summary>
    private void ForgetNeedsLock(IReadOnlyList<Cluster> clusters)
    {
        if (_states.Count - clusters.Sum(cluster => cluster.Destinations.Count) <= MostAbsentStates)
        {
            return;
        }

        var present = clusters.SelectMany(cluster => cluster.Destinations).Select(destination => destination.State).ToHashSet();
        foreach (var (id, state) in _states)
        {
            if (state.Load.Total == 0 && !present.Contains(state))
            {
                _states.TryRemove(id, out _);
            }
        }
    }

    private void PublishNeedsLock(IReadOnlyList<Cluster> clusters, IReadOnlyList<VirtualServerOptions> virtualServers)
    {
        _current = new Snapshot(_current.Revision + 1, clusters, virtualServers);
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

    private sealed class IdComparer : IEqualityComparer<(string Cluster, string Destination)>
    {
        public static readonly IdComparer Instance = new();

        public bool Equals((string Cluster, string Destination) x, (string Cluster, string Destination) y) =>
            StringComparer.OrdinalIgnoreCase.Equals(x.Cluster, y.Cluster)
            && StringComparer.OrdinalIgnoreCase.Equals(x.Destination, y.Destination);

        public int GetHashCode((string Cluster, string Destination) id) => HashCode.Combine(
            StringComparer.OrdinalIgnoreCase.GetHashCode(id.Cluster),
            StringComparer.OrdinalIgnoreCase.GetHashCode(id.Destination));
    }
}
