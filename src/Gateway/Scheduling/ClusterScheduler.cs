using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>
/// Everything that leads a flow of one cluster to a destination, in order: persistence, the scheduler over the ordinary
/// destinations, the scheduler over the backups; and the reservation that makes the choice count.
/// </summary>
internal sealed class ClusterScheduler(Cluster cluster)
{
    private readonly IScheduler _primary =
        Schedulers.Create(cluster, [.. cluster.Destinations.Where(d => !d.Options.Backup)]);

    private readonly IScheduler _backup =
        Schedulers.Create(cluster, [.. cluster.Destinations.Where(d => d.Options.Backup)]);

    public Cluster Cluster { get; } = cluster;

    /// <summary>What <see cref="Flow.Key"/> must hold for this cluster; null when nothing looks at it.</summary>
    public string? KeySource { get; }

    /// <summary>
    /// Picks a destination and reserves one active flow on it; the caller ends it with
    /// <see cref="DestinationState.Unbind"/>. Null when no destination may take the flow.
    /// </summary>
    public Destination? Bind(in Flow flow, Exclusions? exclusions = null)
    {
        // A reservation fails only when another flow took the last place since the pick, so this ends.
        while ((_primary.Pick(flow, exclusions) ?? _backup.Pick(flow, exclusions)) is { } picked)
        {
            if (picked.State.TryBind())
            {
                return picked;
            }
        }

        return null;
    }
}
