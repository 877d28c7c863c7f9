using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Http;

/// <summary>Builds the lists of all and of available destinations that YARP gives to each request.</summary>
/// <remarks>
/// In place of YARP's own, which reads the old list outside its lock: a health change that races with a reload then puts
/// the destinations of the old configuration back. Here reading, computing and publishing are one step per cluster.
/// </remarks>
internal sealed class DestinationsUpdater(IEnumerable<IAvailableDestinationsPolicy> policies) : IClusterDestinationsUpdater
{
    private readonly ConditionalWeakTable<ClusterState, Lock> _gates = [];
    private readonly IAvailableDestinationsPolicy _policy = policies.Single(p => p.Name == ReadyDestinationsPolicy.PolicyName);

    public void UpdateAllDestinations(ClusterState cluster) => Update(cluster, all: true);

    public void UpdateAvailableDestinations(ClusterState cluster) => Update(cluster, all: false);

    private void Update(ClusterState cluster, bool all)
    {
        lock (_gates.GetValue(cluster, _ => new Lock()))
        {
            // YARP keeps destinations in hash order, which differs from process to process.
            var list = all
                ? [.. cluster.Destinations.Values.OrderBy(d => d.DestinationId, StringComparer.Ordinal)]
                : cluster.DestinationsState.AllDestinations;
            cluster.DestinationsState = new ClusterDestinationsState(
                list, _policy.GetAvailalableDestinations(cluster.Model.Config, list));
        }
    }
}
