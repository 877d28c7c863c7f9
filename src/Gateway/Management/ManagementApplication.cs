using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Draining;
using Gateway.Http;
using Gateway.Kernel;
using Gateway.Management.Access;
using Gateway.Management.Api;
using Gateway.Management.Changes;
using Gateway.Management.Events;
using Gateway.Management.History;
using Gateway.Management.Listening;
using Gateway.Management.Pages;
using Gateway.Management.Views;
using Gateway.Probing;
using Gateway.Queueing;
using Gateway.Relay;
using Gateway.Scheduling;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.OpenApi;
using ActivitySource = System.Diagnostics.ActivitySource;

namespace Gateway.Management;

/// <summary>The application behind the management listener: the API, its OpenAPI document and the pages.</summary>
/// <remarks>It is built when first asked, with services of its own; what it reads and changes is the running program's.
/// </remarks>
internal static class ManagementApplication
{
    public static WebApplication Build(IServiceProvider program, BridgeServer server)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Gateway" });
        var services = builder.Services;
        services.AddSingleton<IServer>(server);
        services.AddSingleton<IHostLifetime, NoLifetime>();
        services.AddSingleton(program.GetRequiredService<ILoggerFactory>());
        // Without listeners of its own, so that looking at a page makes no trace.
        services.AddSingleton(new ActivitySource("Gateway.Management"));
        Share<TimeProvider>(services, program);
        Share<ClusterStore>(services, program);
        Share<ClusterSchedulers>(services, program);
        Share<ClusterQueues>(services, program);
        Share<ProbeService>(services, program);
        Share<RelayService>(services, program);
        services.AddSingleton(new KernelViews(() => program.GetRequiredService<KernelService>().Status));
        Share<DrainService>(services, program);
        Share<ConfigurationInForce>(services, program);
        Share<ManagementOptions>(services, program);
        Share<LazyApplication>(services, program);
        Share<EventLog>(services, program);
        Share<TrafficHistory>(services, program);
        Share<ConfigurationChanges>(services, program);
        if (program.GetService<ConfigurationReloader>() is { } reloader)
        {
            services.AddSingleton(reloader);
        }

        services.AddSingleton(new RouteTraffic(program.GetRequiredService<RequestEvents>()));
        services.AddSingleton<Baselines>().AddSingleton<Inventory>().AddSingleton<Undo>();
        services.AddSingleton(provider => new Sessions(
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ManagementOptions>().SessionTimeout));
        services.AddSingleton<LoginLimiter>().AddSingleton<Authentication>().AddSingleton<Audit>();
        services.AddSingleton<StatusResource>().AddSingleton<DestinationActions>().AddSingleton<ExplainResource>();
        services.AddSingleton<StreamResource>().AddSingleton<DrainsResource>();
        services.AddRouting(routing => routing.ConstraintMap.Add(StatsCsv.Constraint, typeof(StatsCsv.Request)));
        services.AddHttpContextAccessor();
        services.AddRazorComponents();
        services.AddProblemDetails();
        services.Configure<RouteHandlerOptions>(handlers => handlers.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.AddOpenApi("v1", openApi => openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Gateway",
                Version = "v1",
                Description = "What Gateway does, and how to change it. See docs/management.md.",
            };
            document.Servers = [new OpenApiServer { Url = "/" }];
            OpenApiAccess.Describe(document);
            return Task.CompletedTask;
        }).AddOperationTransformer((operation, context, _) =>
        {
            OpenApiAccess.Describe(operation, context);
            return Task.CompletedTask;
        }));

        var app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UseMiddleware<RouteValuesMiddleware>();
        app.UseMiddleware<AccessMiddleware>();
        app.UseEndpoints(_ => { });
        Map(app);
        return app;
    }

    private static void Map(WebApplication app)
    {
        var api = app.MapGroup("/api/v1");
        SessionResource.Map(api);
        StatusResource.Map(api);
        ClustersResource.Map(api);
        DestinationActions.Map(api);
        DrainsResource.Map(api);
        ExplainResource.Map(api);
        TrafficResource.Map(api);
        EventsResource.Map(api);
        StreamResource.Map(api);
        ConfigurationResource.Map(api);
        StatsCsv.Map(app);
        PageEndpoints.Map(app);
        app.MapOpenApi("/openapi/{documentName}.json").Requires(Role.Viewer);
    }

    private static void Share<T>(IServiceCollection services, IServiceProvider program)
        where T : class => services.AddSingleton(program.GetRequiredService<T>());

    /// <summary>Signals are the program's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
