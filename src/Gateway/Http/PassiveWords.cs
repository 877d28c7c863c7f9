using Gateway.Clusters;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;
using YarpDestination = Yarp.ReverseProxy.Model.DestinationState;

namespace Gateway.Http;

/// <summary>Makes what YARP's passive health check finds the passive word of the destination, so that the relay, the
/// metrics and the pages know it too.</summary>
/// <remarks>In place of YARP's own updater, which keeps the finding for HTTP alone. YARP's check reports after every
/// request, and is heard only when it says something new.</remarks>
internal sealed class PassiveWords(ClusterStore store, TimeProvider time) : IDestinationHealthUpdater
{
    private const string Reason = "too many requests failed";

    public void SetActive(ClusterState cluster, IEnumerable<NewActiveDestinationHealth> newHealthStates)
    {
        // Gateway's own probes are told to the store, never through here.
    }

    public void SetPassive(
        ClusterState cluster, YarpDestination destination, DestinationHealth newHealth, TimeSpan reactivationPeriod)
    {
        if (store.Current.FindCluster(cluster.ClusterId)?.Find(destination.DestinationId) is not { } observed)
        {
            return;
        }

        var ejected = observed.Standing.Passive;
        if (newHealth == DestinationHealth.Unhealthy && ejected is null)
        {
            var now = time.GetUtcNow();
            store.SetPassive(observed, new PassiveWord(Reason, now, now + reactivationPeriod));
        }
        else if (newHealth == DestinationHealth.Healthy && ejected?.Reason == Reason)
        {
            store.SetPassive(observed, null);
        }
    }
}
