using Gateway.Clusters;
using Gateway.Scheduling;
using Yarp.ReverseProxy.Model;
using YarpDestination = Yarp.ReverseProxy.Model.DestinationState;

namespace Gateway.Http;

/// <summary>What YARP's passive check and session affinity keep from a request, in the scheduler's terms.</summary>
internal static class YarpExclusions
{
    /// <summary>The destinations that YARP's passive check calls unhealthy; null when it is off or calls none so.</summary>
    public static Exclusions? Unhealthy(IReverseProxyFeature feature, Cluster cluster)
    {
        if (feature.Cluster.Config.HealthCheck?.Passive?.Enabled != true)
        {
            return null;
        }

        Exclusions? exclusions = null;
        foreach (var state in feature.AllDestinations)
        {
            if (state.Health.Passive == DestinationHealth.Unhealthy && cluster.Find(state.DestinationId) is { } destination)
            {
                exclusions ??= new Exclusions();
                exclusions.Add(destination);
            }
        }

        return exclusions;
    }

    /// <summary>All destinations but those that session affinity points to; null when it points to none.</summary>
    /// <param name="feature">YARP's view of the request.</param>
    /// <param name="cluster">The cluster as it stands.</param>
    /// <param name="unhealthy">What <see cref="Unhealthy"/> found.</param>
    public static Exclusions? BesideAffinity(IReverseProxyFeature feature, Cluster cluster, Exclusions? unhealthy)
    {
        if (feature.Cluster.Config.SessionAffinity?.Enabled != true
            || feature.AvailableDestinations.Count == feature.AllDestinations.Count)
        {
            return null;
        }

        var exclusions = new Exclusions();
        foreach (var destination in cluster.Destinations)
        {
            if (unhealthy?.Contains(destination) == true || !IsAmong(feature.AvailableDestinations, destination.Id))
            {
                exclusions.Add(destination);
            }
        }

        return exclusions;
    }

    private static bool IsAmong(IReadOnlyList<YarpDestination> available, string id)
    {
        for (var i = 0; i < available.Count; i++)
        {
            if (available[i].DestinationId == id)
            {
                return true;
            }
        }

        return false;
    }
}
