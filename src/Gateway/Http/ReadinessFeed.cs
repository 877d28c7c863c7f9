using Gateway.Clusters;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Gateway.Http;

/// <summary>Tells YARP which destinations are up, so that session affinity lets go of one that is not.</summary>
/// <remarks>Also stands where YARP's own active health check would: registered in its place, it never probes.</remarks>
internal sealed class ReadinessFeed(ClusterStore store, IClusterDestinationsUpdater updater, TimeProvider time)
    : IActiveHealthCheckMonitor, IClusterChangeListener
{
    private readonly Lock _gate = new();
    private IProxyStateLookup? _lookup;

    public bool InitialProbeCompleted => true;

    public Task CheckHealthAsync(IEnumerable<ClusterState> clusters) => Task.CompletedTask;

    /// <summary>Follows the store from now on. YARP's state is handed in late, since it is built with this object.</summary>
    public void Start(IProxyStateLookup lookup)
    {
        _lookup = lookup;
        store.Subscribe(_ => FollowAll());
    }

    public void OnClusterAdded(ClusterState cluster) => Follow(cluster);

    public void OnClusterChanged(ClusterState cluster) => Follow(cluster);

    public void OnClusterRemoved(ClusterState cluster)
    {
    }

    private void FollowAll()
    {
        foreach (var cluster in _lookup!.GetClusters())
        {
            Follow(cluster);
        }
    }

    // YARP's reload and a probe's verdict may come at once: under the lock the later one sees the later snapshot.
    private void Follow(ClusterState yarp)
    {
        lock (_gate)
        {
            if (store.Current.FindCluster(yarp.ClusterId) is { } cluster)
            {
                FollowNeedsLock(yarp, cluster);
            }
        }
    }

    private void FollowNeedsLock(ClusterState yarp, Cluster cluster)
    {
        var now = time.GetUtcNow();
        var changed = false;
        foreach (var destination in cluster.Destinations)
        {
            if (yarp.Destinations.TryGetValue(destination.Id, out var state))
            {
                var health = cluster.InForce(destination, now).IsWelcoming ? DestinationHealth.Healthy : DestinationHealth.Unhealthy;
                changed |= state.Health.Active != health;
                state.Health.Active = health;
            }
        }

        if (changed)
        {
            updater.UpdateAvailableDestinations(yarp);
        }
    }
}
