using Gateway.Http.Overload;
using Gateway.Names;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Gateway.Http;

/// <summary>The HTTP part of Gateway: YARP with Gateway's own balancing, readiness and way to connect.</summary>
internal static class HttpProxy
{
    public static IServiceCollection AddHttpProxy(this IServiceCollection services)
    {
        // What YARP registers only if nobody else has, it must find registered.
        services.AddSingleton<IAvailableDestinationsPolicy, ReadyDestinationsPolicy>();
        services.AddSingleton<IClusterDestinationsUpdater, DestinationsUpdater>();
        services.AddSingleton<IDestinationHealthUpdater, PassiveWords>();
        services.AddSingleton<ReadinessFeed>();
        services.AddSingleton<IActiveHealthCheckMonitor>(provider => provider.GetRequiredService<ReadinessFeed>());
        services.AddSingleton<IClusterChangeListener>(provider => provider.GetRequiredService<ReadinessFeed>());
        services.AddSingleton<NameTable>();
        services.AddSingleton<IDestinationResolver, NamedDestinations>();
        services.AddSingleton<IForwarderHttpClientFactory, DestinationClients>();

        services.AddSingleton<RouteTable>();
        services.AddSingleton<IProxyConfigProvider>(provider => provider.GetRequiredService<RouteTable>());
        services.AddSingleton<IConfigChangeListener>(provider => provider.GetRequiredService<RouteTable>());
        services.AddSingleton<RequestEvents>();
        services.AddSingleton<LiveRequests>();
        services.AddSingleton<RequestQueues>();
        services.AddSingleton<ClientConnections>();

        // A route may name their policies, and YARP refuses a route whose services are missing.
        services.AddAuthorization();
        services.AddCors();
        services.AddRateLimiter(_ => { });
        services.AddRequestTimeouts();
        services.AddReverseProxy().AddTransforms<ExactForwarding>();
        return services;
    }

    public static void MapHttpProxy(this WebApplication app)
    {
        app.UseRouting();
        app.UseCors();
        app.UseAuthorization();
        app.UseRateLimiter();
        app.Use(ClientAbort.KeepAsync);
        app.UseRequestTimeouts();
        app.MapReverseProxy(pipeline =>
        {
            pipeline.UseSessionAffinity();
            pipeline.UseMiddleware<BalancingMiddleware>();
            pipeline.UsePassiveHealthChecks();
        });
        app.Services.GetRequiredService<ReadinessFeed>().Start(app.Services.GetRequiredService<IProxyStateLookup>());
    }
}
