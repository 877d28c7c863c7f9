using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Http;

/// <summary>Which destinations YARP's session affinity may choose from: those that may take clients they
/// know.</summary>
/// <remarks>YARP's own policies ignore <c>Health.Active</c> unless YARP itself probes, and the default one uses all
/// destinations when all are down.</remarks>
internal sealed class ReadyDestinationsPolicy : IAvailableDestinationsPolicy
{
    public const string PolicyName = "Gateway";

    public string Name => PolicyName;

    public IReadOnlyList<DestinationState> GetAvailalableDestinations(
        ClusterConfig config, IReadOnlyList<DestinationState> allDestinations) =>
        [.. allDestinations.Where(d => d.Health.Active != DestinationHealth.Unhealthy)];
}
