using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Hosting;

/// <summary>The slowest rates of Kestrel's limits, which .NET's binder leaves as they are: what is there already cannot be changed, and
/// it makes a new one only where there is none.</summary>
internal static class DataRates
{
    public static void Bind(IConfigurationSection section, KestrelServerLimits limits)
    {
        limits.MinRequestBodyDataRate = Read(section.GetSection(nameof(limits.MinRequestBodyDataRate)), limits.MinRequestBodyDataRate);
        limits.MinResponseDataRate = Read(section.GetSection(nameof(limits.MinResponseDataRate)), limits.MinResponseDataRate);
    }

    private static MinDataRate? Read(IConfigurationSection section, MinDataRate? before) => before is null ? null : new MinDataRate(
        section.GetValue(nameof(before.BytesPerSecond), before.BytesPerSecond), section.GetValue(nameof(before.GracePeriod), before.GracePeriod));
}
