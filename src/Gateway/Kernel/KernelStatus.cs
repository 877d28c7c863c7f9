using Gateway.Kernel.Services;

namespace Gateway.Kernel;

/// <summary>How the kernel data plane stands at one moment, for pages, metrics and logs.</summary>
/// <param name="Revision">The revision of the snapshot that the rules are of.</param>
/// <param name="Paths">Each family of each virtual server that asks for the kernel.</param>
/// <param name="Targets">What the kernel has counted.</param>
/// <param name="Changes">Changes made in the kernel since the start.</param>
/// <param name="Failures">Changes the kernel refused.</param>
/// <param name="LastChange">How long the last change took.</param>
/// <param name="Error">Why the kernel's rules are not as they should be; null when they are.</param>
internal sealed record KernelStatus(
    long Revision,
    IReadOnlyList<KernelPath> Paths,
    IReadOnlyList<KernelTarget> Targets,
    long Changes,
    long Failures,
    TimeSpan LastChange,
    string? Error)
{
    public static KernelStatus Idle { get; } = new(0, [], [], 0, 0, TimeSpan.Zero, null);
}

/// <summary>What the kernel has counted for one destination of one virtual server, as <c>ipvsadm -L --stats</c> shows.
/// </summary>
internal readonly record struct KernelTarget(
    string VirtualServerId, string ClusterId, string DestinationId, KernelCounters Counters, int Active, int Inactive);
