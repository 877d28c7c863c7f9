using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>What of a flow a hashing or locality scheduler looks at.</summary>
/// <remarks>
/// The kernel's dh, lblc and lblcr look at the packet's destination address, its sh and mh at the source address. Over
/// HTTP the counterpart of "destination" is the content asked for, so the first three ask for host and path there; a flow
/// that comes without a key (a relayed connection, a request without the header) is taken by address.
/// </remarks>
internal readonly struct HashInput(SchedulerOptions options)
{
    /// <summary>The key that is the host name a TLS client asks for.</summary>
    public const string ServerName = "sni";

    private readonly bool _useLocal = options.Key is null && LooksAtContent(options.Name);
    private readonly bool _usePort = options.UsePort;
    private readonly int _mask4 = options.Mask4;
    private readonly int _mask6 = options.Mask6;

    /// <summary>The value for <see cref="Flow.Key"/> that a cluster with these options needs, or null for none.</summary>
    public static string? KeySource(SchedulerOptions options) => options.Name switch
    {
        "dh" or "lblc" or "lblcr" => options.Key ?? "host+path",
        "sh" or "mh" => options.Key,
        _ => null,
    } is { } source && source != "client" ? source : null;

    /// <summary>Whether the scheduler of these options looks at anything of a flow.</summary>
    public static bool IsLookedAt(SchedulerOptions options) => LooksAtContent(options.Name) || options.Name is "sh" or "mh";

    public FlowKey Key(in Flow flow) =>
        !flow.Key.IsEmpty ? flow.Key : _useLocal ? FlowKey.OfAddress(flow.Local) : FlowKey.OfAddress(flow.Client, _mask4, _mask6);

    /// <summary>The 32 bits to hash: the key, plus the client's port where the options say so.</summary>
    public uint Value(in Flow flow) => Key(flow).Hash + (_usePort ? (uint)flow.ClientPort : 0);

    private static bool LooksAtContent(string name) => name is "dh" or "lblc" or "lblcr";
}
