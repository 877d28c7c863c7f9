using Gateway.Kernel;
using Gateway.Kernel.Services;

namespace Gateway.Management.Views;

/// <summary>How forwarding by the kernel stands, as the API tells it.</summary>
/// <param name="Revision">The revision of the clusters and virtual servers that the kernel's rules are of.</param>
/// <param name="Changes">Changes of the rules since the start.</param>
/// <param name="Failures">Changes the kernel refused.</param>
/// <param name="LastChangeMilliseconds">How long the last change took, from its cause to the kernel's word.</param>
/// <param name="Error">Why the rules are not as they should be; null when they are.</param>
/// <param name="Paths">Each family of each virtual server that asks for the kernel.</param>
internal sealed record KernelView(
    long Revision, long Changes, long Failures, double LastChangeMilliseconds, string? Error, IReadOnlyList<PathView> Paths);

/// <summary>The path of one address family of a virtual server.</summary>
/// <param name="VirtualServer">The virtual server.</param>
/// <param name="Family"><c>ipv4</c> or <c>ipv6</c>.</param>
/// <param name="Forwarding">What it asks for: <c>relay</c>, <c>nat</c> or <c>direct</c>.</param>
/// <param name="Path">What is in use: <c>kernel</c> or <c>relay</c>.</param>
/// <param name="Reason">Why the relay serves what asks for the kernel, and whether NAT that is to do without connection tracking
/// does; else empty.</param>
internal sealed record PathView(string VirtualServer, string Family, string Forwarding, string Path, string Reason)
{
    public static PathView Of(KernelPath path) => new(
        path.VirtualServerId, path.IsIPv6 ? "ipv6" : "ipv4", path.Forwarding, path.IsInKernel ? "kernel" : "relay", path.Reason);
}

/// <summary>What the kernel has counted, as <c>ipvsadm -L --stats</c> shows it.</summary>
/// <param name="Connections">Connections and UDP clients it led somewhere.</param>
/// <param name="Active">Those in progress.</param>
/// <param name="Inactive">Those that are closing, and UDP clients.</param>
/// <param name="PacketsSent">Packets to destinations.</param>
/// <param name="PacketsReceived">Packets back; none with direct forwarding.</param>
/// <param name="BytesSent">Bytes of those to destinations, headers included.</param>
/// <param name="BytesReceived">Bytes of those back.</param>
internal sealed record KernelCountersView(
    long Connections, int Active, int Inactive, long PacketsSent, long PacketsReceived, long BytesSent, long BytesReceived)
{
    public static KernelCountersView Sum(IEnumerable<KernelTarget> targets)
    {
        var (counters, active, inactive) = (default(KernelCounters), 0, 0);
        foreach (var target in targets)
        {
            counters += target.Counters;
            active += target.Active;
            inactive += target.Inactive;
        }

        return new KernelCountersView(
            counters.Started, active, inactive, counters.PacketsSent, counters.PacketsReceived, counters.BytesSent, counters.BytesReceived);
    }
}

/// <summary>The same for one destination of a virtual server.</summary>
internal sealed record KernelDestinationView(string Cluster, string Destination, KernelCountersView Counters);

/// <summary>Makes views of the kernel data plane as it stands now.</summary>
internal sealed class KernelViews(Func<KernelStatus> status)
{
    private Index _index = new(KernelStatus.Idle);

    /// <summary>The whole; null while nothing asks for the kernel.</summary>
    public KernelView? Read() => status() is { Paths.Count: > 0 } now
        ? new KernelView(
            now.Revision, now.Changes, now.Failures, Math.Round(now.LastChange.TotalMilliseconds, 2), now.Error,
            [.. now.Paths.Select(PathView.Of)])
        : null;

    /// <summary>The paths of a virtual server that asks for the kernel.</summary>
    public IEnumerable<PathView> PathsOf(string virtualServer) => Current().Paths[virtualServer];

    /// <summary>What the kernel has counted for a virtual server; null when it forwards nothing of it.</summary>
    public KernelCountersView? OfServer(string virtualServer) => Current().ByServer[virtualServer] is var targets && targets.Any()
        ? KernelCountersView.Sum(targets) : null;

    /// <summary>The same for each of its destinations.</summary>
    public IEnumerable<KernelDestinationView> DestinationsOf(string virtualServer) => Current().ByServer[virtualServer]
        .GroupBy(target => (target.ClusterId, target.DestinationId))
        .Select(group => new KernelDestinationView(group.Key.ClusterId, group.Key.DestinationId, KernelCountersView.Sum(group)));

    /// <summary>The same for a destination, over all virtual servers; null when the kernel forwards nothing to it.</summary>
    public KernelCountersView? OfDestination(string cluster, string destination) =>
        Current().ByDestination[(cluster, destination)] is var targets && targets.Any() ? KernelCountersView.Sum(targets) : null;

    /// <summary>Found once for each state: every destination is asked for when pages are up to date.</summary>
    private Index Current()
    {
        var now = status();
        var index = Volatile.Read(ref _index);
        if (!ReferenceEquals(index.Of, now))
        {
            index = new Index(now);
            Volatile.Write(ref _index, index);
        }

        return index;
    }

    private sealed class Index(KernelStatus status)
    {
        public KernelStatus Of { get; } = status;

        public ILookup<string, PathView> Paths { get; } =
            status.Paths.ToLookup(path => path.VirtualServerId, PathView.Of, StringComparer.OrdinalIgnoreCase);

        public ILookup<string, KernelTarget> ByServer { get; } =
            status.Targets.ToLookup(target => target.VirtualServerId, StringComparer.OrdinalIgnoreCase);

        public ILookup<(string Cluster, string Destination), KernelTarget> ByDestination { get; } =
            status.Targets.ToLookup(target => (target.ClusterId, target.DestinationId));
    }
}
