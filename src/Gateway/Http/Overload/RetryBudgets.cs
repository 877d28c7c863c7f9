using System.Collections.Concurrent;
using Gateway.Clusters;

namespace Gateway.Http.Overload;

/// <summary>The retry budget of every cluster, kept over reloads.</summary>
internal sealed class RetryBudgets
{
    private readonly ConcurrentDictionary<string, RetryBudget> _budgets = new(StringComparer.OrdinalIgnoreCase);

    public RetryBudgets(ClusterStore store) => store.Subscribe(Forget);

    public RetryBudget Of(string clusterId) => _budgets.GetOrAdd(clusterId, _ => new RetryBudget());

    private void Forget(Snapshot snapshot)
    {
        foreach (var (clusterId, _) in _budgets)
        {
            if (snapshot.FindCluster(clusterId) is null)
            {
                _budgets.TryRemove(clusterId, out _);
            }
        }
    }
}
