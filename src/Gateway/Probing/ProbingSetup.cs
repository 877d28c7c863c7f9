using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>Puts probing into the program.</summary>
internal static class ProbingSetup
{
    /// <summary>Needs a <see cref="ClusterStore"/> and a <see cref="TimeProvider"/>.</summary>
    public static IServiceCollection AddProbing(this IServiceCollection services) => services
        .AddSingleton<Func<ProbeOptions, IProber>>(Probers.Create)
        .AddSingleton<ProbeService>()
        .AddHostedService(provider => provider.GetRequiredService<ProbeService>());
}
