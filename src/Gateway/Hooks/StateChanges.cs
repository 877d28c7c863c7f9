using Gateway.Clusters;

namespace Gateway.Hooks;

/// <summary>Finds what changed between two snapshots.</summary>
/// <remarks>What is new begins with what it is: it changes when that changes, or when its first probe has taken it out. What
/// leaves the configuration does not change.</remarks>
internal static class StateChanges
{
    /// <summary>The changes in the order of the configuration, each cluster's own after those of its destinations.</summary>
    public static IEnumerable<StateChange> Between(Snapshot before, Snapshot after, DateTimeOffset now)
    {
        foreach (var cluster in after.Clusters)
        {
            var old = before.FindCluster(cluster.Id);
            if (old is null || ReferenceEquals(old, cluster))
            {
                continue;
            }

            var (was, isNow) = (InService(old), InService(cluster));
            foreach (var destination in cluster.Destinations)
            {
                if (old.Find(destination.Id) is { } known && !ReferenceEquals(known, destination) && IsChange(known, destination))
                {
                    var available = destination.Judgement.Availability;
                    yield return new StateChange(
                        EventOf(available), cluster.Id, destination, known.Judgement.Availability, isNow, cluster.Destinations.Count, now);
                }
            }

            if (was > 0 != isNow > 0)
            {
                yield return new StateChange(
                    isNow > 0 ? StateEvent.Regained : StateEvent.Lost, cluster.Id, null, null, isNow, cluster.Destinations.Count, now);
            }
        }
    }

    private static bool IsChange(Destination before, Destination after) =>
        before.Judgement.Availability != after.Judgement.Availability
        || (after.Judgement.Availability == Availability.Out
            && before.Standing.Probe == ProbeVerdict.Pending && after.Standing.Probe == ProbeVerdict.Down);

    private static int InService(Cluster cluster) =>
        cluster.Destinations.Count(destination => destination.Judgement.Availability == Availability.InService);

    private static StateEvent EventOf(Availability availability) => availability switch
    {
        Availability.InService => StateEvent.Up,
        Availability.Draining => StateEvent.Draining,
        _ => StateEvent.Out,
    };
}
