using Gateway.Clusters;
using Gateway.Scheduling;
using Yarp.ReverseProxy.Model;
using YarpDestination = Yarp.ReverseProxy.Model.DestinationState;

namespace Gateway.Http;

/// <summary>What YARP's session affinity keeps from a request, in the scheduler's terms.</summary>
internal static class YarpExclusions
{
    /// <summary>All destinations but those that session affinity points to; null when it points to none.</summary>
    /// <param name="feature">YARP's view of the request.</param>
    /// <param name="cluster">The cluster as it stands.</param>
    public static Exclusions? BesideAffinity(IReverseProxyFeature feature, Cluster cluster)
    {
        if (feature.Cluster.Config.SessionAffinity?.Enabled != true
            || feature.AvailableDestinations.Count == feature.AllDestinations.Count)
        {
            return null;
        }

        var exclusions = new Exclusions();
        foreach (var destination in cluster.Destinations)
        {
            if (!IsAmong(feature.AvailableDestinations, destination.Id))
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
