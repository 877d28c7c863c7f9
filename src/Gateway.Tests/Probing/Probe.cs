using System.Net;
using Gateway.Clusters;
using Gateway.Probing;
using Gateway.Tests.Support;

namespace Gateway.Tests.Probing;

/// <summary>Probes once, for real.</summary>
internal static class Probe
{
    /// <summary>A time that is never over in a test that goes well.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    public static Task<ProbeResult> OnceAsync(ProbeOptions options, EndPoint endPoint) =>
        OnceAsync(Probers.Create(options), options.Timeout, new ProbeTarget(endPoint));

    public static async Task<ProbeResult> OnceAsync(IProber prober, TimeSpan timeout, ProbeTarget target)
    {
        using var deadline = new CancellationTokenSource(timeout);
        return await prober.ProbeAsync(target, deadline.Token);
    }

    /// <summary>Probes once, and calls time when the server has come to the step where it hangs.</summary>
    public static async Task<ProbeResult> UntilItHangsAsync(ProbeOptions options, ScriptedServer server)
    {
        using var deadline = new CancellationTokenSource(Long);
        var probe = Probers.Create(options).ProbeAsync(new ProbeTarget(server.EndPoint), deadline.Token);
        await server.Hanging.WaitAsync(Long, TimeProvider.System);
        await deadline.CancelAsync();
        return await probe;
    }
}
