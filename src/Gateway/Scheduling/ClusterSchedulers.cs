using System.Collections.Frozen;
using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>The scheduler of every cluster of the current snapshot: the one place where HTTP and the relay ask.</summary>
internal sealed class ClusterSchedulers
{
    private readonly TimeProvider _time;
    private volatile FrozenDictionary<string, ClusterScheduler> _byCluster =
        FrozenDictionary<string, ClusterScheduler>.Empty;

    public ClusterSchedulers(ClusterStore store, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        store.Subscribe(Rebuild);
    }

    /// <summary>The scheduler of this cluster, or null when the current snapshot has no such cluster.</summary>
    public ClusterScheduler? Find(string clusterId) => _byCluster.GetValueOrDefault(clusterId);

    private void Rebuild(Snapshot snapshot)
    {
        var before = _byCluster;
        var after = snapshot.Clusters.ToFrozenDictionary(
            cluster => cluster.Id,
            cluster => before.GetValueOrDefault(cluster.Id) is { } old && ReferenceEquals(old.Cluster, cluster)
                ? old
                : new ClusterScheduler(cluster, _time, before.GetValueOrDefault(cluster.Id)),
            StringComparer.OrdinalIgnoreCase);
        _byCluster = after;
        foreach (var (id, old) in before)
        {
            if (!ReferenceEquals(after.GetValueOrDefault(id), old))
            {
                old.Retire();
            }
        }
    }
}
