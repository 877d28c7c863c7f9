using Gateway.Clusters;
using Gateway.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Http;

/// <summary>YARP's own validation of routes, clusters and transforms, and that of ASP.NET Core's routing under it, as one of the
/// checks of a configuration.</summary>
internal sealed class YarpCheck : IDisposable
{
    // YARP's validator comes only with all of YARP, so a proxy is composed here that never runs; meanwhile the caller
    // reads the file.
    private readonly Task<Composed> _composed = Task.Run(Compose);

    public void Dispose() => _composed.GetAwaiter().GetResult().Services.Dispose();

    public IEnumerable<ConfigurationError> Check(LoadedConfiguration configuration)
    {
        YarpSection section;
        try
        {
            section = YarpSection.Read(configuration.Root);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException or InvalidCastException)
        {
            return [configuration.Error("ReverseProxy", $"cannot be read by YARP: {e.Message}", "Correct the value it names.")];
        }

        var (_, validator, matches) = _composed.GetAwaiter().GetResult();
        return [.. section.Routes.SelectMany(route => OfRoute(configuration, validator, route)),
            .. section.Routes.SelectMany(route => matches.Check(configuration, route)),
            .. RouteAmbiguity.Check(configuration, section.Routes),
            .. section.Clusters.SelectMany(cluster => OfCluster(configuration, validator, cluster))];
    }

    private static Composed Compose()
    {
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<ClusterStore>()
            .AddHttpProxy()
            .AddSingleton<RouteMatchCheck>()
            .BuildServiceProvider();
        return new Composed(services, services.GetRequiredService<IConfigValidator>(), services.GetRequiredService<RouteMatchCheck>());
    }

    private static IEnumerable<ConfigurationError> OfRoute(
        LoadedConfiguration configuration, IConfigValidator validator, RouteConfig route)
    {
        var key = $"ReverseProxy:Routes:{route.RouteId}";
        foreach (var error in validator.ValidateRouteAsync(route).AsTask().GetAwaiter().GetResult())
        {
            yield return Refused(configuration, key, error);
        }

        // A cluster that is missing, or has an address that cannot be read, is reported where that is checked.
        var cluster = configuration.Clusters.FirstOrDefault(c => SameId(c.Id, route.ClusterId));
        if (cluster?.Destinations.Any(d => d.Address.Scheme is not ("http" or "https")) == true)
        {
            yield return configuration.Error($"{key}:ClusterId", "is a cluster with destinations that do not speak HTTP",
                "Lead the route to a cluster whose addresses begin with http:// or https://, or use a virtual server.");
        }
    }

    private static IEnumerable<ConfigurationError> OfCluster(
        LoadedConfiguration configuration, IConfigValidator validator, ClusterConfig cluster) =>
        validator.ValidateClusterAsync(cluster).AsTask().GetAwaiter().GetResult()
            .Select(error => Refused(configuration, $"ReverseProxy:Clusters:{cluster.ClusterId}", error));

    private static ConfigurationError Refused(LoadedConfiguration configuration, string key, Exception error) =>
        configuration.Error(key, $"is refused by YARP: {error.Message.TrimEnd('.')}", "Correct the value it names.");

    private static bool SameId(string a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private sealed record Composed(ServiceProvider Services, IConfigValidator Validator, RouteMatchCheck Matches);
}
