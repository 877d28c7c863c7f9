using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Http;

namespace Gateway.Hosting;

/// <summary>Puts a checked configuration in force in all parts, in the order in which nothing is lost.</summary>
/// <remarks>
/// The store comes first: a route must not lead to a cluster whose destinations nobody has probed yet. A request that
/// still follows an old route to a cluster the store no longer has is served from YARP's own list.
/// </remarks>
internal sealed class ConfigurationApplier(
    AppliedConfiguration applied, IConfiguration inForce, ClusterStore store, RouteTable routes, TimeProvider time)
{
    /// <summary>YARP applies thousands of routes in milliseconds; what takes longer hangs.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    /// <summary>Applies the configuration; returns why it was refused, nothing when it was not.</summary>
    public async Task<IReadOnlyList<ConfigurationError>> ApplyAsync(
        LoadedConfiguration configuration, CancellationToken cancellation)
    {
        var unbindable = ListenCheck.Check(configuration, inForce).ToArray();
        if (unbindable.Length > 0)
        {
            return unbindable;
        }

        var section = YarpSection.Read(configuration.Root);
        store.Apply(configuration.Clusters, configuration.VirtualServers);
        try
        {
            await routes.ReplaceAsync(section, configuration.Revision, _patience, time, cancellation);
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException)
        {
            // YARP's own validator has passed it before, so this is rare; YARP keeps its old routes.
            return [configuration.Error("ReverseProxy", $"was not applied by YARP: {e.InnerException?.Message ?? e.Message}",
                "Correct what it names, or restart.")];
        }

        applied.Replace(configuration.Root);
        return [];
    }
}
