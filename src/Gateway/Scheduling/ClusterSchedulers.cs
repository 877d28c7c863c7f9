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
        var schedulers = new Dictionary<string, ClusterScheduler>(StringComparer.OrdinalIgnoreCase);
        List<Exception>? failures = null;
        foreach (var cluster in snapshot.Clusters)
        {
            var old = before.GetValueOrDefault(cluster.Id);
            try
            {
                schedulers.Add(
                    cluster.Id, old is not null && ReferenceEquals(old.Cluster, cluster) ? old : new ClusterScheduler(cluster, _time, old));
            }
            catch (Exception e)
            {
                // A bug of one cluster must not freeze all others: it goes on as it was, and the store hears of it below.
                (failures ??= []).Add(new InvalidOperationException($"Cluster '{cluster.Id}' has no new scheduler.", e));
                if (old is not null)
                {
                    schedulers.Add(cluster.Id, old);
                }
            }
        }

        _byCluster = schedulers.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, old) in before)
        {
            if (!ReferenceEquals(schedulers.GetValueOrDefault(id), old))
            {
                old.Retire();
            }
        }

        if (failures is not null)
        {
            throw new AggregateException(failures);
        }
    }
}
