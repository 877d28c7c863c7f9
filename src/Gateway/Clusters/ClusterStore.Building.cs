namespace Gateway.Clusters;

/// <content>How a snapshot is built from the configuration and what is remembered.</content>
internal sealed partial class ClusterStore
{
    private static Judgement Judge(
        DestinationOptions options, Standing standing, ProbeOptions? probe, DateTimeOffset now) =>
        standing.Judge(options.Weight, probe?.InitiallyUp ?? true, now);

    // What is known of a destination is kept while its address is: editing a probe must not take a working pool out until
    // the new probe has ended, whose first result decides at once either way.
    private Standing StandingOf(
        ClusterOptions cluster, DestinationOptions wanted, Destination? before, DateTimeOffset now)
    {
        if (before is not null)
        {
            _memory.Keep(before, now);
        }

        var fresh = new Standing(cluster.Probe is null ? ProbeVerdict.None : ProbeVerdict.Pending, "", now);
        var known = _memory.Returning(cluster.Id, wanted, cluster.Probe, now) ?? fresh;
        if (before is null || before.Options.Address != wanted.Address)
        {
            return known;
        }

        // The list has it already: the probe's word is the one of the list, even if it is pending.
        var isProbed = cluster.Probe is not null;
        var wasProbed = before.Standing.Probe != ProbeVerdict.None;
        return isProbed == wasProbed ? before.Standing.At(now)
            : before.Standing.At(now) with { Probe = fresh.Probe, ProbeReason = fresh.ProbeReason, Since = fresh.Since };
    }

    private Cluster Build(ClusterOptions options, Cluster? old, DateTimeOffset now)
    {
        var destinations = new Destination[options.Destinations.Count];
        for (var i = 0; i < destinations.Length; i++)
        {
            var wanted = options.Destinations[i];
            var before = old?.Find(wanted.Id);
            destinations[i] = Create(options, wanted, StandingOf(options, wanted, before, now), before, now);
        }

        return new Cluster(options, destinations);
    }

    private Destination Create(
        ClusterOptions cluster, DestinationOptions options, Standing standing, Destination? before, DateTimeOffset now)
    {
        var state = _states.GetOrAdd((cluster.Id, options.Id), id => new DestinationState(id.Cluster, id.Destination));
        var judgement = Judge(options, standing, cluster.Probe, now);
        var destination = new Destination(cluster.Id, options, standing, judgement, state, before)
        {
            Probe = cluster.Probe,
            IsProbed = cluster.Probe is not null || cluster.Probes.Count > 0,
            Ramp = Ramp.Next(before?.Ramp, before?.Judgement.Weight ?? 0, judgement.Weight, cluster.SlowStart, now),
        };
        state.SetLimits(destination.MaxConnections, options.UpperThreshold, options.LowerThreshold);
        state.SetWeight(destination.Weight);
        return destination;
    }

    private void KeepPresentNeedsLock(DateTimeOffset now)
    {
        foreach (var destination in _current.Clusters.SelectMany(cluster => cluster.Destinations))
        {
            _memory.Keep(destination, now);
        }
    }

    /// <summary>Forgets destinations that are gone and have no flow, once too many are kept: where ids are made up anew with
    /// every deployment, they would pile up for ever. The counters of those begin at 0 should they come back.</summary>
    private void ForgetNeedsLock(IReadOnlyList<Cluster> clusters, DateTimeOffset now)
    {
        KeepPresentNeedsLock(now);
        var present = clusters.SelectMany(cluster => cluster.Destinations).Select(destination => destination.State).ToHashSet();
        if (Math.Max(_states.Count, _memory.Count) - present.Count <= MostAbsentStates)
        {
            return;
        }

        foreach (var (id, state) in _states)
        {
            if (state.Load.Total == 0 && !present.Contains(state))
            {
                _states.TryRemove(id, out _);
                _memory.Forget(id.Cluster, id.Destination, now);
            }
        }
    }
}
