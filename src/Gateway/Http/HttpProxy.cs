using System.Diagnostics;
using Gateway.Clusters;
using Gateway.EventLoop;
using Gateway.Http.Forwarding;
using Gateway.Http.Overload;
using Gateway.Http.Plain;
using Gateway.Http.Transport;
using Gateway.Names;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
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
    /// <param name="services">Where to register it.</param>
    /// <param name="options">How requests are forwarded; null is the default.</param>
    public static IServiceCollection AddHttpProxy(this IServiceCollection services, HttpOptions? options = null)
    {
        options ??= new HttpOptions();

        // What YARP registers only if nobody else has, it must find registered.
        services.AddSingleton<IAvailableDestinationsPolicy, ReadyDestinationsPolicy>();
        services.AddSingleton<IClusterDestinationsUpdater, DestinationsUpdater>();
        services.AddSingleton<IDestinationHealthUpdater, PassiveWords>();
        services.AddSingleton<ReadinessFeed>();
        services.AddSingleton<IActiveHealthCheckMonitor>(provider => provider.GetRequiredService<ReadinessFeed>());
        services.AddSingleton<IClusterChangeListener>(provider => provider.GetRequiredService<ReadinessFeed>());
        services.AddSingleton<NameTable>();
        services.AddSingleton<IDestinationResolver, NamedDestinations>();
        services.AddSingleton<DestinationClients>();
        services.AddSingleton<IForwarderHttpClientFactory>(provider => provider.GetRequiredService<DestinationClients>());
        services.AddHostedService(CreateLeftDestinations);

        services.AddSingleton<MatcherPolicy, WildcardHosts>();
        services.AddSingleton<RouteTable>();
        services.AddSingleton<IProxyConfigProvider>(provider => provider.GetRequiredService<RouteTable>());
        services.AddSingleton<IConfigChangeListener>(provider => provider.GetRequiredService<RouteTable>());
        services.AddSingleton<RequestEvents>();
        services.AddSingleton<RejectedRequests>();
        services.AddSingleton<DiagnosticSource, UnreadRequests>();
        services.AddSingleton<LiveRequests>();
        services.AddSingleton<RetryBudgets>();
        services.AddSingleton<BrokenAnswers>();
        services.AddSingleton<ConnectShortage>();
        services.AddSingleton<RequestBalancer>();
        services.AddSingleton(options);
        services.AddSingleton<LeftListeners>();
        services.AddSingleton<ClientConnections>();

        // A route may name their policies, and YARP refuses a route whose services are missing. There is no policy of the rate
        // limiter but the default, which is none, so that its middleware, which wakes ten times a second, is not used.
        services.AddAuthorization();
        services.AddCors();
        services.AddRateLimiter(_ => { });
        services.AddRequestTimeouts();
        services.AddReverseProxy().AddTransforms<ExactForwarding>();
        services.LeaveKeysToTheFirstSession();
        services.AddSingleton<ForwardedRequests>();
        services.AddSingleton<UpstreamTargets>();
        services.AddSingleton<UpstreamPool>();
        services.AddSingleton<LaneBalancer>();
        services.AddSingleton<PlainLane>();
        if (options.Forwarder == "gateway")
        {
            services.PutOwnForwarderFirst();
        }

        // The last that can bind an address does.
        services.AddSingleton<IConnectionListenerFactory>(provider => new StockTransport(
            ActivatorUtilities.CreateInstance<SocketTransportFactory>(provider), waits: true, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<StockTransport>>()));
        if (options.Transport == "loops" && Loops.IsSupported)
        {
            services.AddSingleton(provider => new HttpLoops(
                options.Loops, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<HttpLoops>>()));
            services.AddSingleton<EarlyServers>();
            services.AddSingleton<IConnectionListenerFactory, LoopTransport>();
        }

        return services;
    }

    /// <summary>Takes away the service that reads or makes the keys of YARP's session affinity before anybody has a session. They
    /// are there with the first request that needs them, and it told nobody when it failed.</summary>
    private static void LeaveKeysToTheFirstSession(this IServiceCollection services) => services.Remove(services.Single(service =>
        service.ImplementationType?.FullName == "Microsoft.AspNetCore.DataProtection.Internal.DataProtectionHostedService"));

    /// <summary>As <c>UseCors</c>, which compiles an expression to find its second argument.</summary>
    private static RequestDelegate Cors(IApplicationBuilder app, RequestDelegate next)
    {
        var cors = ActivatorUtilities.CreateInstance<CorsMiddleware>(app.ApplicationServices, next);
        return context => cors.Invoke(context, context.RequestServices.GetRequiredService<ICorsPolicyProvider>());
    }

    // Not by registering each as what it is here for too: the container would dispose of it twice.
    private static LeftDestinations CreateLeftDestinations(IServiceProvider provider)
    {
        IIdleConnections?[] all =
            [provider.GetRequiredService<DestinationClients>(), provider.GetRequiredService<UpstreamPool>(), provider.GetService<HttpLoops>()];
        return new LeftDestinations(
            provider.GetRequiredService<ClusterStore>(), all.OfType<IIdleConnections>(), provider.GetRequiredService<IProxyStateLookup>(),
            provider.GetRequiredService<TimeProvider>());
    }

    /// <summary>Has requests given to Gateway's forwarder, and to YARP's those that it does not take.</summary>
    private static void PutOwnForwarderFirst(this IServiceCollection services)
    {
        // YARP's is internal, but its registration can be kept under another name.
        var yarp = services.Single(service => service.ServiceType == typeof(IHttpForwarder));
        services.Remove(yarp);
        services.AddKeyedSingleton(typeof(IHttpForwarder), "yarp", yarp.ImplementationType!);
        services.AddSingleton<IHttpForwarder>(provider => ActivatorUtilities.CreateInstance<Http1Forwarder>(
            provider, provider.GetRequiredKeyedService<IHttpForwarder>("yarp")));
    }

    public static void MapHttpProxy(this WebApplication app)
    {
        app.Use(new RequestFraming(app.Services.GetRequiredService<RejectedRequests>()).CheckAsync);
        app.Use(ServerRequests.AnswerAsync);
        if (app.Services.GetRequiredService<HttpOptions>().Forwarder == "gateway")
        {
            app.UseMiddleware<PlainMiddleware>();
        }

        app.UseRouting();
        app.Use(SessionCookie.DropAsync);
        app.Use(next => Cors(app, next));
        app.UseAuthorization();
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
