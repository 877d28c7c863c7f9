using System.Text;
using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Draining;
using Gateway.Hooks;
using Gateway.Http;
using Gateway.Http.Transport;
using Gateway.Kernel;
using Gateway.Management;
using Gateway.Management.Listening;
using Gateway.Names;
using Gateway.Passive;
using Gateway.Probing;
using Gateway.ProxyProtocol;
using Gateway.Queueing;
using Gateway.Relay;
using Gateway.Scheduling;
using Gateway.State;
using Gateway.Telemetry;
using Gateway.Telemetry.AccessLogging;
using Gateway.Telemetry.Meters;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Gateway.Hosting;

/// <summary>The whole program for one configuration, one line a feature.</summary>
internal static class GatewayHost
{
    /// <summary>Composes the program and puts the configuration in force; nothing listens until it is started.</summary>
    /// <param name="configuration">The configuration to start with.</param>
    /// <param name="loader">Reads the configuration's file again when it changes, and what the API changes; null never does.
    /// </param>
    /// <exception cref="ConfigurationRefusedException">It is valid and yet cannot be put in force here.</exception>
    public static async Task<WebApplication> BuildAsync(LoadedConfiguration configuration, ConfigurationLoader? loader = null)
    {
        var state = StateSection.Read(configuration);
        // Beside the composition, which takes longer.
        var saved = Task.Run(() => state.Directory is { } directory ? new StateFile(directory).Read() : null);
        var applied = new AppliedConfiguration();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = "Gateway",
            ContentRootPath = Path.GetDirectoryName(Path.GetFullPath(configuration.SourceFile ?? "appsettings.json")),
        });
        ((IConfigurationBuilder)builder.Configuration).Add(applied);
        // Kestrel reads its limits as soon as the program is composed.
        applied.Replace(configuration.Root);
        builder.AddLogging();
        builder.AddKestrel(configuration);
        // Telemetry first: services stop in reverse, and /readyz must answer until the traffic has drained.
        builder.Services.AddTelemetry(TelemetrySection.Read(configuration.Root));
        builder.Services.AddManagement(ManagementOptions.Read(configuration));
        builder.Services.AddSingleton<Readings>();
        builder.Services.AddSingleton(provider => provider.GetRequiredService<Readings>().Connect());
        builder.Services.AddSingleton(applied);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ClusterStore>();
        builder.Services.AddSingleton(state);
        builder.Services.AddHosted<StateKeeper>();
        builder.Services.AddSingleton<ClusterSchedulers>();
        builder.Services.AddSingleton<ClusterQueues>();
        builder.Services.AddSingleton<KestrelTrial>();
        builder.Services.AddSingleton<ConfigurationApplier>();
        builder.Services.AddSingleton<ProxyHeaderFaults>();
        builder.Services.AddHttpProxy(HttpSection.Read(configuration.Section("Http")));
        builder.Services.AddSingleton<NameService>();
        builder.Services.AddHosted<HookService>();
        builder.Services.AddProbing();
        builder.Services.AddSingleton(KernelSection.Read(configuration.Section("Kernel")));
        builder.Services.AddKernel();
        builder.Services.AddSingleton(RelaySection.Read(configuration.Section("Relay")));
        builder.Services.AddHosted<RelayService>();
        builder.Services.AddDraining();
        builder.Services.AddSingleton<OutlierDetector>();
        builder.AddHostFiltering();
        builder.Services.Configure<HostOptions>(host =>
            host.ShutdownTimeout = configuration.Root.GetValue("ShutdownTimeout", TimeSpan.FromSeconds(30)));
        builder.Services.AddSingleton(provider => new ConfigurationInForce(
            provider.GetRequiredService<ConfigurationApplier>().ApplyAsync, configuration));
        if (loader is not null)
        {
            builder.Services.AddSingleton(loader);
        }

        if (loader is not null && configuration.SourceStamp is not null)
        {
            builder.Services.AddHosted<ConfigurationReloader>();
        }

        builder.Services.StartAfterHttp(typeof(TelemetryListener), typeof(ManagementListener));
        var app = builder.Build();
        app.Services.GetRequiredService<StateKeeper>().Load(saved);
        _ = app.Services.GetRequiredService<OutlierDetector>();
        IReadOnlyList<ConfigurationError> refusals = [.. TelemetryTrial.Check(
            configuration, app.Services.GetRequiredService<TelemetryOptions>(), app.Services.GetRequiredService<OtlpSettings>())];
        if (refusals.Count == 0)
        {
            refusals = await app.Services.GetRequiredService<ConfigurationApplier>().ApplyAsync(configuration, CancellationToken.None);
        }

        if (refusals.Count > 0)
        {
            await app.DisposeAsync();
            throw new ConfigurationRefusedException(refusals);
        }

        _ = app.Services.GetRequiredService<OpenTelemetryService>().Begin();
        app.Services.FollowEvents();
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<RelayService>().StopAccepting);
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<KernelService>().StopAccepting);
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<NodeShutdown>().Begin);
        app.ObserveTraffic();
        app.SwitchPlainLane();
        app.UseHostFiltering();
        app.MapHttpProxy();
        return app;
    }

    /// <summary>Adds a service that runs with the host and can be asked for by type.</summary>
    private static void AddHosted<T>(this IServiceCollection services)
        where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }

    /// <summary>Before the relay, which listens on addresses that the kernel part may have to add.</summary>
    private static void AddKernel(this IServiceCollection services)
    {
        services.AddSingleton<Func<IEnumerable<RelayedFlow>>>(provider => () =>
            provider.GetRequiredService<RelayService>().Connections.All
                .Where(connection => !connection.IsUdp)
                .Select(connection => new RelayedFlow(connection.VirtualServer.Id, connection.Client, connection.LocalPort)));
        services.AddHosted<KernelService>();
    }

    private static void AddDraining(this IServiceCollection services)
    {
        services.AddSingleton<DrainService>();
        services.AddSingleton<NodeShutdown>();
        services.AddSingleton<ILiveFlows, RelayFlows>();
        services.AddSingleton<ILiveFlows>(provider => provider.GetRequiredService<LiveRequests>());
        services.AddSingleton<ILiveFlows>(provider => provider.GetRequiredService<ClientConnections>());
    }

    private static void ObserveTraffic(this WebApplication app)
    {
        var accessLog = app.Services.GetService<AccessLog>();
        var observer = new TrafficObserver(
            app.Services.GetRequiredService<RequestMeter>(), app.Services.GetRequiredService<TimeProvider>(), accessLog);
        observer.Observe(
            app.Services.GetRequiredService<RequestEvents>(), app.Services.GetRequiredService<RelayService>().Connections);
        if (accessLog is not null)
        {
            app.UseMiddleware<AccessLogMiddleware>();
        }
    }

    private static void AddLogging(this WebApplicationBuilder builder)
    {
        // Defaults under whatever the Logging section says. YARP would tell each refused connection with its stack;
        // Gateway counts it, tries the next destination, and the probe says once that the destination is down.
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter("Gateway", LogLevel.Information);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        builder.Logging.AddFilter("Yarp.ReverseProxy.Forwarder.HttpForwarder", LogLevel.Error);
        // A user without a home keeps no keys on disk, and this would say so three times at each start; all that is encrypted with
        // them is the cookies of YARP's session affinity, and docs/http.md says what becomes of those.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        // While anything listens to this category, ASP.NET Core makes an activity for each request, and with it a parent in
        // every trace that nobody records. OpenTelemetry does not need it.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.AddConsole(console => console.FormatterName = ConsoleLine.FormatterName);
        builder.Services.AddSingleton<ConsoleFormatter, ConsoleLine>();
    }

    private static void AddHostFiltering(this WebApplicationBuilder builder)
    {
        var applied = builder.Configuration;
        builder.Services.AddHostFiltering(options => options.AllowedHosts = AllowedHosts.Read(applied));
        builder.Services.AddSingleton<IOptionsChangeTokenSource<HostFilteringOptions>>(
            new ConfigurationChangeTokenSource<HostFilteringOptions>(applied));
    }

    private static void AddKestrel(this WebApplicationBuilder builder, LoadedConfiguration configuration) =>
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel((context, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            // Whatever bytes a header has, the other side gets the same.
            kestrel.RequestHeaderEncodingSelector = RequestFieldEncodings.Of;
            kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
            // How large a body may be is the destination's business, or a route's MaxRequestBodySize.
            kestrel.Limits.MaxRequestBodySize = null;
            BindOptions(context.Configuration.GetSection("Kestrel"), kestrel);
            var connections = kestrel.ApplicationServices.GetRequiredService<ClientConnections>();
            kestrel.ConfigureEndpointDefaults(endpoint =>
            {
                var proxies = endpoint.AcceptProxyHeaders(context.Configuration);
                endpoint.Use(next => connection => connections.FollowAsync(connection, next, kestrel.Limits.MinResponseDataRate));
                endpoint.UsePlainLane(context.Configuration, proxies);
            });
            kestrel.ApplicationServices.GetRequiredService<LeftListeners>().IsWanted =
                endPoint => ListenUrl.OfEndpoints(context.Configuration).Any(url => ListenUrl.EndPoints(url).Contains(endPoint));
            kestrel.Configure(context.Configuration.GetSection("Kestrel"), reloadOnChange: true);
            // Asked of the configuration itself: what is applied may still be empty here.
            if (!configuration.Section("Kestrel:Endpoints").Children.Any())
            {
                kestrel.Listen(new NowhereEndPoint());
            }
        }).ConfigureServices(services =>
        {
            services.AddSingleton<IConnectionListenerFactory, NowhereTransport>();
            NowhereServer.Wrap(services);
        });

    /// <summary>Reads what the section says about the server as a whole. Most say nothing, and to look through all that could be
    /// said takes a while.</summary>
    private static void BindOptions(IConfigurationSection section, KestrelServerOptions kestrel)
    {
        if (section.GetChildren().Any(child => !IsReadByKestrel(child.Key)))
        {
            section.Bind(kestrel);
            DataRates.Bind(section.GetSection("Limits"), kestrel.Limits);
        }

        static bool IsReadByKestrel(string key) => key.Equals("Endpoints", StringComparison.OrdinalIgnoreCase)
            || key.Equals("EndpointDefaults", StringComparison.OrdinalIgnoreCase)
            || key.Equals("Certificates", StringComparison.OrdinalIgnoreCase);
    }
}
