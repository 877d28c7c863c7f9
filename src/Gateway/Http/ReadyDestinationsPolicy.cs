using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Http;

/// <summary>Which destinations YARP's session affinity may choose from: those that neither Gateway's store nor YARP's
/// passive check calls unhealthy.</summary>
/// <remarks>YARP's own policies ignore <c>Health.Active</c> unless YARP itself probes, and the default one uses all
/// destinations when all are down.</remarks>
internal sealed class ReadyDestinationsPolicy : IAvailableDestinationsPolicy
{
    public const string PolicyName = "Gateway";

    public string Name => PolicyName;

    public IReadOnlyList<DestinationState> GetAvailalableDestinations(
        ClusterConfig config, IReadOnlyList<DestinationState> allDestinations)
    {
        var isPassiveOn = config.HealthCheck?.Passive?.Enabled == true;
        return [.. allDestinations.Where(d => d.Health.Active != DestinationHealth.Unhealthy
            && !(isPassiveOn && d.Health.Passive == DestinationHealth.Unhealthy))];
    }
}
