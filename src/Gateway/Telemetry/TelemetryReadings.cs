using Gateway.Clusters;

namespace Gateway.Telemetry;

/// <summary>What telemetry reads from features it does not know; called at a scrape, never on the way of a request.
/// </summary>
/// <remarks>Each is called from any thread and must neither block nor throw.</remarks>
internal sealed class TelemetryReadings
{
    /// <summary>How often each outcome was seen, one entry for each destination and outcome.</summary>
    public Func<IEnumerable<ProbeReading>> Probes { get; init; } = () => [];

    /// <summary>How long the last probe of each destination took.</summary>
    public Func<IEnumerable<ProbeDurationReading>> ProbeDurations { get; init; } = () => [];

    public Func<IEnumerable<VirtualServerReading>> VirtualServers { get; init; } = () => [];

    /// <summary>HTTP requests forwarded, one entry for each forwarder.</summary>
    public Func<IEnumerable<ForwardedReading>> Forwarded { get; init; } = () => [];

    /// <summary>HTTP requests refused before a route was asked for them, by the status of the answer.</summary>
    public Func<IEnumerable<KeyValuePair<int, long>>> Rejected { get; init; } = () => [];

    /// <summary>Connections of HTTP listeners that were reset for want of a valid PROXY protocol header, by listener.</summary>
    public Func<IEnumerable<KeyValuePair<string, long>>> ProxyHeaderFaults { get; init; } = () => [];

    /// <summary>The queue of every cluster that has had to make requests wait.</summary>
    public Func<IEnumerable<QueueReading>> Queues { get; init; } = () => [];

    /// <summary>The standing of the configuration; null before anything was loaded.</summary>
    public Func<ConfigurationReading?> Configuration { get; init; } = () => null;

    /// <summary>The paths of virtual servers that ask for the kernel.</summary>
    public Func<IEnumerable<KernelPathReading>> KernelPaths { get; init; } = () => [];

    /// <summary>What the kernel has counted, one entry for each destination of each virtual server.</summary>
    public Func<IEnumerable<KernelTargetReading>> KernelTargets { get; init; } = () => [];

    /// <summary>The snapshot revision of the kernel's rules, the changes made to them, changes that failed, and how long the
    /// last one took; null while nothing asks for the kernel.</summary>
    public Func<(long Revision, long Made, long Failed, TimeSpan Last)?> Kernel { get; init; } = () => null;

    /// <summary>Whether traffic should be sent to this node.</summary>
    public Func<ReadyReport> Ready { get; init; } = () => ReadyReport.Ready;
}

/// <summary>How often probes of one destination ended in one way.</summary>
/// <param name="Destination">The probed destination.</param>
/// <param name="Outcome">A word of the closed list of outcomes, such as <c>success</c> or <c>timed_out</c>.</param>
/// <param name="Count">Since the process started.</param>
internal readonly record struct ProbeReading(Destination Destination, string Outcome, long Count);

/// <summary>How long the last probe of one destination took.</summary>
internal readonly record struct ProbeDurationReading(Destination Destination, TimeSpan Last);

/// <summary>The queue of one cluster.</summary>
/// <param name="ClusterId">The cluster.</param>
/// <param name="Waiting">Requests that wait.</param>
/// <param name="Refused">Requests that were refused or waited in vain, since the process started.</param>
internal readonly record struct QueueReading(string ClusterId, int Waiting, long Refused);


/// <summary>How many HTTP requests went through one forwarder.</summary>
/// <param name="Forwarder"><c>gateway</c> or <c>yarp</c>.</param>
/// <param name="Lane"><c>plain</c> or <c>pipeline</c>.</param>
/// <param name="Count">Since the process started, tries on further destinations included.</param>
internal readonly record struct ForwardedReading(string Forwarder, string Lane, long Count);
/// <summary>How one address family of one virtual server is forwarded.</summary>
/// <param name="VirtualServerId">The virtual server.</param>
/// <param name="Family"><c>ipv4</c> or <c>ipv6</c>.</param>
/// <param name="Forwarding">What it asks for: <c>nat</c> or <c>direct</c>.</param>
/// <param name="IsInKernel">Whether the kernel does it; else the relay does.</param>
internal readonly record struct KernelPathReading(string VirtualServerId, string Family, string Forwarding, bool IsInKernel);

/// <summary>What the kernel has counted for one destination of one virtual server.</summary>
internal readonly record struct KernelTargetReading(string VirtualServerId, string ClusterId, string DestinationId)
{
    /// <summary>Connections and UDP clients it was given.</summary>
    public long Connections { get; init; }

    /// <summary>Those in progress.</summary>
    public int Active { get; init; }

    /// <summary>Those that are closing, and UDP clients.</summary>
    public int Inactive { get; init; }

    public long PacketsSent { get; init; }

    public long PacketsReceived { get; init; }

    public long BytesSent { get; init; }

    public long BytesReceived { get; init; }
}

/// <summary>The counters of one virtual server.</summary>
/// <param name="Id">The virtual server.</param>
/// <param name="ClusterId">The cluster it leads to.</param>
/// <param name="Connections">Connections accepted since the process started.</param>
/// <param name="Active">Connections in progress.</param>
/// <param name="Rejected">Connections closed at once because of a limit, or because no destination was ready.</param>
/// <param name="BytesReceived">Bytes that came from clients.</param>
/// <param name="BytesSent">Bytes that went to clients.</param>
internal readonly record struct VirtualServerReading(
    string Id, string ClusterId, long Connections, long Active, long Rejected, long BytesReceived, long BytesSent)
{
    /// <summary>How many connections ended for each reason that occurred, by its word.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Ends { get; init; } = [];
}

/// <summary>The standing of the configuration.</summary>
/// <param name="Revision">Rises by one with each configuration that was applied.</param>
/// <param name="LastAccepted">Whether the last configuration that was read was applied.</param>
/// <param name="LastRead">When a configuration was last read, whatever came of it.</param>
/// <param name="Accepted">Configurations applied, the one at start included.</param>
/// <param name="Refused">Configurations refused because of errors.</param>
internal sealed record ConfigurationReading(
    long Revision, bool LastAccepted, DateTimeOffset LastRead, long Accepted, long Refused);

/// <summary>Whether this node wants traffic, and if not, every reason.</summary>
internal sealed record ReadyReport(IReadOnlyList<string> Reasons)
{
    /// <summary>What is worth knowing beside, a line each: destinations that are not in service.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public static ReadyReport Ready { get; } = new([]);

    public bool IsReady => Reasons.Count == 0;
}
