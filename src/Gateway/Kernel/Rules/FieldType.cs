namespace Gateway.Kernel.Rules;

/// <summary>The type of a key or value in a set: its word in nft's language, its number and its length.</summary>
/// <param name="Word">As in <c>type ipv4_addr . inet_service</c>.</param>
/// <param name="Number">nft's number of the type, which only listing programs look at; 6 bits for each part.</param>
/// <param name="Length">Bytes, each part of a concatenation filled up to four.</param>
/// <remarks>Source of the numbers: nftables, include/datatype.h.</remarks>
internal sealed record FieldType(string Word, uint Number, int Length)
{
    private const int BitsOfPart = 6;

    public static readonly FieldType Ipv4 = new("ipv4_addr", 7, 4);
    public static readonly FieldType Ipv6 = new("ipv6_addr", 8, 16);
    public static readonly FieldType Protocol = new("inet_proto", 12, 1);
    public static readonly FieldType Port = new("inet_service", 13, 2);
    public static readonly FieldType Mark = new("mark", 19, 4);
    public static readonly FieldType Device = new("iface_index", 20, 4);
    public static readonly FieldType Verdict = new("verdict", 0xffffff00, 16);
    public static readonly FieldType Counter = new("counter", 1, 0);

    private int Parts { get; init; } = 1;

    /// <summary>This type followed by another.</summary>
    public FieldType Then(FieldType next) =>
        new($"{Word} . {next.Word}", (Number << (BitsOfPart * next.Parts)) | next.Number, Padded + next.Padded)
        {
            Parts = Parts + next.Parts,
        };

    private int Padded => (Length + 3) & ~3;
}
