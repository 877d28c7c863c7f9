using Yarp.ReverseProxy.Configuration;

namespace Gateway.Http;

/// <summary>The <c>ReverseProxy</c> section as YARP's own reader understands it, without what Gateway does itself.</summary>
/// <param name="Routes">All routes, unchanged.</param>
/// <param name="Clusters">The clusters that speak HTTP, without balancing policy and active health check.</param>
internal sealed record YarpSection(IReadOnlyList<RouteConfig> Routes, IReadOnlyList<ClusterConfig> Clusters)
{
    /// <summary>Where a destination's metadata hold what is looked up for its name.</summary>
    public const string ResolveKey = "Gateway.Resolve";

    /// <summary>Reads the section with YARP's own configuration provider, so that every key means what YARP says.</summary>
    /// <exception cref="Exception">What YARP throws for a value it cannot read.</exception>
    public static YarpSection Read(IConfiguration configuration)
    {
        // YARP's reader is internal; a container of its own is the public way to it.
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddReverseProxy().LoadFromConfig(configuration.GetSection("ReverseProxy"));
        using var container = services.BuildServiceProvider();
        var config = container.GetRequiredService<IProxyConfigProvider>().GetConfig();
        return new YarpSection(config.Routes, [.. config.Clusters.Where(SpeaksHttp).Select(cluster => WithLookups(
            WithoutWhatGatewayDoes(cluster, configuration[$"ReverseProxy:Clusters:{cluster.ClusterId}:IdleTimeout"]),
            configuration))]);
    }

    private static ClusterConfig WithLookups(ClusterConfig cluster, IConfiguration configuration) => cluster with
    {
        Destinations = cluster.Destinations?.ToDictionary(
            pair => pair.Key,
            pair => configuration[$"ReverseProxy:Clusters:{cluster.ClusterId}:Destinations:{pair.Key}:Resolve"] is { } lookup
                ? pair.Value with { Metadata = new Dictionary<string, string>(pair.Value.Metadata ?? new Dictionary<string, string>()) { [ResolveKey] = lookup } }
                : pair.Value,
            StringComparer.OrdinalIgnoreCase),
    };

    private static bool SpeaksHttp(ClusterConfig cluster) =>
        cluster.Destinations is null
        || cluster.Destinations.Values.All(d => d.Address.StartsWith("http", StringComparison.OrdinalIgnoreCase));

    private static ClusterConfig WithoutWhatGatewayDoes(ClusterConfig cluster, string? idleTimeout) => cluster with
    {
        Metadata = idleTimeout is null ? cluster.Metadata : new Dictionary<string, string>(cluster.Metadata ?? new Dictionary<string, string>())
        {
            [DestinationClients.IdleTimeoutKey] = idleTimeout,
        },
        LoadBalancingPolicy = null,
        HealthCheck = new HealthCheckConfig
        {
            AvailableDestinationsPolicy = ReadyDestinationsPolicy.PolicyName,
            Passive = cluster.HealthCheck?.Passive,
        },
    };
}
