using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>What a flow is known by in the maps of a service: the client's address and port, and, where packets are passed on
/// as they come, the port it came to.</summary>
/// <remarks>An IPv6 address is taken as a hash of 32 bits, for a key of a map that rules fill may have 16 bytes in every nft
/// program that is to list or load the rules (nftables 1.0.6 ends with an assertion beyond). Two clients with the same hash
/// and the same port at the same time share a server; what is written into their packets is the same for both.</remarks>
internal sealed class FlowKeys
{
    private const int IcmpHeader = 8;

    private readonly bool _isIPv6;
    private readonly bool _hasPort;

    /// <param name="isIPv6">The family.</param>
    /// <param name="hasPort">Whether the port that the client came to is part of it: a service without may have one only, and
    /// its flows are known by what comes back too.</param>
    public FlowKeys(bool isIPv6, bool hasPort)
    {
        (_isIPv6, _hasPort) = (isIPv6, hasPort);
        var client = isIPv6 ? FieldType.Mark : FieldType.Ipv4;
        ClientType = client;
        Type = client.Then(hasPort ? FieldType.Port.Then(FieldType.Port) : FieldType.Port);
        Request = SideOf(Headers.Source(isIPv6), Headers.SourcePort, Headers.DestinationPort);
        Answer = SideOf(Headers.Destination(isIPv6), Headers.DestinationPort, Headers.SourcePort);
        QuotedAnswer = QuotedSide(isSource: false);
        QuotedRequest = QuotedSide(isSource: true);
    }

    public FieldType Type { get; }

    /// <summary>The type of a client alone.</summary>
    public FieldType ClientType { get; }

    /// <summary>The flow of a packet that comes from the client.</summary>
    public Side Request { get; }

    /// <summary>The flow of a packet that goes to the client.</summary>
    public Side Answer { get; }

    /// <summary>The key of the flow that an ICMP error speaks of, whose first packet bytes it carries: a packet of ours on
    /// its way to the client (RFC 792; RFC 4443 section 2.4).</summary>
    public Value QuotedAnswer { get; }

    /// <summary>The same where the packet was the client's.</summary>
    public Value QuotedRequest { get; }

    /// <summary>Protocol, address and port of the source, or of the destination, in the packet that an ICMP error carries.
    /// </summary>
    public static Value QuotedService(bool isIPv6, bool isSource) => Raw(IcmpHeader + (isIPv6 ? 6 : 9), 1)
        .Then(QuotedAddress(isIPv6, isSource)).Then(QuotedPort(isIPv6, isSource));

    /// <summary>An address in the packet that an ICMP error carries.</summary>
    public static Field QuotedAddress(bool isIPv6, bool isSource) => isIPv6
        ? Raw(IcmpHeader + (isSource ? 8 : 24), 16)
        : Raw(IcmpHeader + (isSource ? 12 : 16), 4);

    /// <summary>A port in the packet that an ICMP error carries. Options of IPv4, which hardly anybody sends, are not looked
    /// for.</summary>
    public static Field QuotedPort(bool isIPv6, bool isSource) => Raw(IcmpHeader + (isIPv6 ? 40 : 20) + (isSource ? 0 : 2), 2);

    /// <summary>Steps that lead a remembered client to its target's id, in the mark they are given: nft takes a hash as a key
    /// to a map of marks only by way of a mark.</summary>
    public IReadOnlyList<Statement> Recall(NftSet clients, int prefix, Value mark, Func<Value, Statement> set) => _isIPv6
        ? [set(Client(prefix)), set(mark.In(clients))]
        : [set(Client(prefix).In(clients))];

    /// <summary>The client by which it is remembered.</summary>
    public Value Client(int prefix)
    {
        var client = Headers.Client(_isIPv6, prefix);
        return _isIPv6 ? HashOf(client) : client;
    }

    private Side SideOf(Value address, Value port, Value virtualPort)
    {
        var hash = HashOf(address.Then(port));
        return new Side(
            _isIPv6 ? [new SetMark(hash)] : [], Complete(_isIPv6 ? Meta.Mark : address, port, virtualPort),
            Complete(_isIPv6 ? hash : address, port, virtualPort));
    }

    private Value QuotedSide(bool isSource)
    {
        var (address, port) = (QuotedAddress(_isIPv6, isSource), QuotedPort(_isIPv6, isSource));
        return Complete(_isIPv6 ? HashOf(address.Then(port)) : address, port, QuotedPort(_isIPv6, !isSource));
    }

    private Value Complete(Value client, Value port, Value virtualPort)
    {
        var key = client.Then(port);
        return _hasPort ? key.Then(virtualPort) : key;
    }

    private static Hash HashOf(Value value) => new(value, uint.MaxValue, Headers.Seed);

    private static Field Raw(int offset, int bytes) =>
        new(HeaderBase.Transport, offset, bytes, $"@th,{offset * 8},{bytes * 8}");

    /// <summary>How the flow of a packet is found.</summary>
    /// <param name="Preparation">Steps before <paramref name="Lookup"/> can be used.</param>
    /// <param name="Lookup">The key while the mark is still free for it.</param>
    /// <param name="Key">The key once the mark is the target's id.</param>
    public sealed record Side(IReadOnlyList<Statement> Preparation, Value Lookup, Value Key);
}
