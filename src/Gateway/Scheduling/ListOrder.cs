using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>The order in which schedulers walk the destinations of a cluster.</summary>
internal static class ListOrder
{
    /// <summary>The destinations in the order their cluster asks for; <paramref name="before"/> is the order so far. The
    /// kernel's list is kept by edits; what is new, also what comes back, goes to its head.</summary>
    public static IEnumerable<Destination> Of(Cluster cluster, IEnumerable<Destination>? before)
    {
        if (cluster.Options.Scheduler.Order == DestinationOrder.Config)
        {
            return cluster.Destinations;
        }

        var byId = cluster.Destinations.ToDictionary(d => d.Id);
        var kept = (before ?? []).Select(d => byId.GetValueOrDefault(d.Id)).OfType<Destination>().ToList();
        return cluster.Destinations.Except(kept).Reverse().Concat(kept);
    }
}
