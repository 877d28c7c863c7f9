using Gateway.Clusters;
using Gateway.Draining;
using Gateway.Management.Api;
using Gateway.Management.Changes;
using Gateway.Management.Events;
using Gateway.Management.History;
using Gateway.Management.Listening;

namespace Gateway.Management;

/// <summary>Registers management. Call it before whatever serves traffic is registered, so that it can still be watched while
/// that drains.</summary>
internal static class ManagementServiceCollectionExtensions
{
    public static IServiceCollection AddManagement(this IServiceCollection services, ManagementOptions options)
    {
        services.AddSingleton(options).AddSingleton<EventLog>().AddSingleton<TrafficHistory>().AddSingleton<ConfigurationChanges>();
        services.AddSingleton(provider => new LazyApplication(server => ManagementApplication.Build(provider, server)));
        services.AddSingleton<ManagementListener>();
        if (options.Listen.Count > 0)
        {
            services.AddHostedService(provider => provider.GetRequiredService<ManagementListener>());
            services.AddHostedService(provider => provider.GetRequiredService<TrafficHistory>());
        }

        return services;
    }

    /// <summary>Begins to write the history of events; called once the first configuration is in force.</summary>
    public static void FollowEvents(this IServiceProvider services)
    {
        var events = services.GetRequiredService<EventLog>();
        services.GetRequiredService<ClusterStore>().Subscribe(new StandingEvents(events).Follow);
        DrainsResource.Follow(services.GetRequiredService<DrainService>(), events);
    }
}
