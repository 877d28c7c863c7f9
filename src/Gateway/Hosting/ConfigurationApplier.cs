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
    AppliedConfiguration applied, ClusterStore store, RouteTable routes, TimeProvider time)
{
    /// <summary>YARP applies thousands of routes in milliseconds; what takes longer hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Applies the configuration; returns why it was refused, nothing when it was not.</summary>
    public async Task<IReadOnlyList<ConfigurationError>> ApplyAsync(
        LoadedConfiguration configuration, CancellationToken cancellation)
    {
        var section = YarpSection.Read(configuration.Root);
        store.Apply(configuration.Clusters, configuration.VirtualServers);
        await routes.ReplaceAsync(section, configuration.Revision, Patience, time, cancellation);
        applied.Replace(configuration.Root);
        return [];
    }
}
