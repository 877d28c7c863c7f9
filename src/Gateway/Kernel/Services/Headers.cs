using Gateway.Kernel.Rules;

namespace Gateway.Kernel.Services;

/// <summary>Where the fields are that the rules look at.</summary>
/// <remarks>RFC 791 section 3.1, RFC 8200 section 3, RFC 9293 section 3.1, RFC 768.</remarks>
internal static class Headers
{
    /// <summary>The seed of all hashes: given, for else the kernel draws one for each rule.</summary>
    public const uint Seed = 0x6777_0001;

    private const byte Fin = 1;
    private const byte Syn = 2;
    private const byte Rst = 4;
    private const byte Ack = 16;

    public static readonly Field SourcePort = new(HeaderBase.Transport, 0, 2, "th sport");
    public static readonly Field DestinationPort = new(HeaderBase.Transport, 2, 2, "th dport");

    private static readonly Field _flags = new(HeaderBase.Transport, 13, 1, "tcp flags");
    private static readonly Field _fragment = new(HeaderBase.Network, 6, 2, "ip frag-off");

    public static readonly Match IsSyn = new(
        new Masked(_flags, [Fin | Syn | Rst | Ack]), true, [Syn], "tcp flags & (fin | syn | rst | ack) == syn");

    public static readonly Match IsNotSyn = new(
        new Masked(_flags, [Fin | Syn | Rst | Ack]), false, [Syn], "tcp flags & (fin | syn | rst | ack) != syn");

    public static readonly Match IsEnding = new(
        new Masked(_flags, [Fin | Rst]), false, [0], "tcp flags & (fin | rst) != 0x0");

    public static readonly Match IsFirstFragment = new(
        new Masked(_fragment, [0x20, 0]), false, [0, 0], "ip frag-off & 0x2000 != 0x0");

    public static readonly Match IsLaterFragment = new(
        new Masked(_fragment, [0x1f, 0xff]), false, [0, 0], "ip frag-off & 0x1fff != 0x0");

    public static readonly Match IsIPv4 = new(Meta.Protocol, true, [8, 0], "meta protocol ip");
    public static readonly Match IsIPv6 = new(Meta.Protocol, true, [0x86, 0xdd], "meta protocol ip6");

    public static readonly Value Fragment = new Field(HeaderBase.Network, 12, 4, "ip saddr")
        .Then(new Field(HeaderBase.Network, 16, 4, "ip daddr"))
        .Then(new Field(HeaderBase.Network, 4, 2, "ip id"))
        .Then(new Field(HeaderBase.Network, 9, 1, "ip protocol"));

    /// <summary>A type with parts of the right lengths; nft has none for the identification.</summary>
    public static readonly FieldType FragmentType =
        FieldType.Ipv4.Then(FieldType.Ipv4).Then(FieldType.Port).Then(FieldType.Protocol);

    public static Field Source(bool isIPv6) => isIPv6
        ? new(HeaderBase.Network, 8, 16, "ip6 saddr")
        : new(HeaderBase.Network, 12, 4, "ip saddr");

    public static Field Destination(bool isIPv6) => isIPv6
        ? new(HeaderBase.Network, 24, 16, "ip6 daddr")
        : new(HeaderBase.Network, 16, 4, "ip daddr");

    public static FieldType AddressType(bool isIPv6) => isIPv6 ? FieldType.Ipv6 : FieldType.Ipv4;

    /// <summary>Protocol, virtual address and port.</summary>
    public static Value Service(bool isIPv6) => Meta.Transport.Then(Destination(isIPv6)).Then(DestinationPort);

    public static FieldType ServiceType(bool isIPv6) =>
        FieldType.Protocol.Then(AddressType(isIPv6)).Then(FieldType.Port);

    /// <summary>The first bits of the client's address, as many as clients are grouped by.</summary>
    public static Value Client(bool isIPv6, int prefix)
    {
        var source = Source(isIPv6);
        return prefix >= source.Bytes * 8 ? source : new Masked(source, MaskOf(prefix, source.Bytes));
    }

    /// <summary>Steps that tell each kind of ICMP error that carries the packet it is about: unreachable (too big, with IPv4),
    /// time exceeded, parameter problem; too big has a type of its own with IPv6.</summary>
    public static IEnumerable<Statement[]> IcmpErrors(bool isIPv6)
    {
        const byte icmp = 1;
        const byte icmpV6 = 58;
        var type = new Field(HeaderBase.Transport, 0, 1, "@th,0,8");
        var isIcmp = new Match(Meta.Transport, true, [isIPv6 ? icmpV6 : icmp], isIPv6 ? "meta l4proto ipv6-icmp" : "meta l4proto icmp");
        foreach (var number in (byte[])(isIPv6 ? [1, 2, 3, 4] : [3, 11, 12]))
        {
            yield return [isIcmp, new Match(type, true, [number], $"@th,0,8 {number}")];
        }
    }

    private static byte[] MaskOf(int prefix, int bytes)
    {
        var mask = new byte[bytes];
        for (var bit = 0; bit < prefix; bit++)
        {
            mask[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }

        return mask;
    }
}
