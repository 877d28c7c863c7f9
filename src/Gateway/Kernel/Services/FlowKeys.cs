using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>What a flow is known by in the maps of a service: the client's address and port, and the port it came to.
/// </summary>
/// <remarks>An IPv6 address is taken as a hash of 32 bits, for a key of a map that rules fill may have 16 bytes in every nft
/// program that is to list or load the rules (nftables 1.0.6 ends with an assertion beyond). Two clients with the same hash
/// and the same port at the same time share a server; nothing of their packets is changed.</remarks>
internal sealed class FlowKeys(bool isIPv6)
{
    private static readonly FieldType _ports = FieldType.Port.Then(FieldType.Port);

    public FieldType Type { get; } = (isIPv6 ? FieldType.Mark : FieldType.Ipv4).Then(_ports);

    /// <summary>The type of a client alone.</summary>
    public FieldType ClientType { get; } = isIPv6 ? FieldType.Mark : FieldType.Ipv4;

    /// <summary>Steps before <see cref="Lookup"/> can be used.</summary>
    public IReadOnlyList<Statement> Preparation { get; } = isIPv6 ? [new SetMark(HashOf(Headers.Source(true).Then(Headers.SourcePort)))] : [];

    /// <summary>The key while the mark is still free for it.</summary>
    public Value Lookup { get; } = (isIPv6 ? Meta.Mark : (Value)Headers.Source(false))
        .Then(Headers.SourcePort).Then(Headers.DestinationPort);

    /// <summary>The key once the mark is the target's id.</summary>
    public Value Key { get; } = (isIPv6 ? HashOf(Headers.Source(true).Then(Headers.SourcePort)) : (Value)Headers.Source(false))
        .Then(Headers.SourcePort).Then(Headers.DestinationPort);

    /// <summary>The key of the flow that an ICMP error speaks of, whose first packet bytes it carries: a packet of ours on
    /// its way to the client (RFC 792; RFC 4443 section 2.4).</summary>
    public Value Quoted { get; } = isIPv6
        ? HashOf(Raw(8 + 24, 16).Then(Raw(8 + 40 + 2, 2))).Then(Raw(8 + 40 + 2, 2)).Then(Raw(8 + 40, 2))
        : Raw(8 + 16, 4).Then(Raw(8 + 20 + 2, 2)).Then(Raw(8 + 20, 2));

    /// <summary>Protocol, virtual address and port in the packet that an ICMP error carries.</summary>
    public static Value QuotedService(bool isIPv6) => isIPv6
        ? Raw(8 + 6, 1).Then(Raw(8 + 8, 16)).Then(Raw(8 + 40, 2))
        : Raw(8 + 9, 1).Then(Raw(8 + 12, 4)).Then(Raw(8 + 20, 2));

    /// <summary>Steps that lead a remembered client to its target's id, in the mark they are given: nft takes a hash as a key
    /// to a map of marks only by way of a mark.</summary>
    public IReadOnlyList<Statement> Recall(NftSet clients, int prefix, Value mark, Func<Value, Statement> set) => isIPv6
        ? [set(Client(prefix)), set(mark.In(clients))]
        : [set(Client(prefix).In(clients))];

    /// <summary>The client by which it is remembered.</summary>
    public Value Client(int prefix)
    {
        var client = Headers.Client(isIPv6, prefix);
        return isIPv6 ? HashOf(client) : client;
    }

    private static Hash HashOf(Value value) => new(value, uint.MaxValue, Headers.Seed);

    private static Field Raw(int offset, int bytes) =>
        new(HeaderBase.Transport, offset, bytes, $"@th,{offset * 8},{bytes * 8}");
}
