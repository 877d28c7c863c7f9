using System.Globalization;

namespace Gateway.Tests.Support;

/// <summary>A fact that goes on for as long as <c>GATEWAY_SOAK_SECONDS</c> says, and is skipped without.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SoakFactAttribute : FactAttribute
{
    private const string Variable = "GATEWAY_SOAK_SECONDS";

    public SoakFactAttribute() => Skip = Duration > TimeSpan.Zero ? null : $"Takes minutes: set {Variable}, to 600 say.";

    public static TimeSpan Duration { get; } =
        TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable(Variable) ?? "0", CultureInfo.InvariantCulture));
}
