using System.Net;
using Gateway.Clusters;
using Gateway.Probing;

namespace Gateway.Tests.Probing;

/// <summary>Probes once, for real, within the probe's own timeout.</summary>
internal static class Probe
{
    /// <summary>A time no good probe needs, for tests that expect an answer.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    /// <summary>A time that is soon over, for tests that expect none.</summary>
    public static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    public static Task<ProbeResult> OnceAsync(ProbeOptions options, EndPoint endPoint) =>
        OnceAsync(Probers.Create(options), options.Timeout, new ProbeTarget(endPoint));

    public static async Task<ProbeResult> OnceAsync(IProber prober, TimeSpan timeout, ProbeTarget target)
    {
        using var deadline = new CancellationTokenSource(timeout);
        return await prober.ProbeAsync(target, deadline.Token);
    }
}
