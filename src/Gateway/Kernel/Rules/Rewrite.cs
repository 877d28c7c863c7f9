namespace Gateway.Kernel.Rules;

/// <summary>Writes a value over a field of the packet, and keeps the checksums right that cover it.</summary>
/// <param name="Field">The field.</param>
/// <param name="Value">What it is to be.</param>
/// <param name="ChecksumAt">Where, from the beginning of the same header on, the checksum is that covers the field; null is
/// nowhere there.</param>
/// <param name="IsInTransportSum">Whether the checksum of the transport, wherever that is, covers it too: as addresses, which
/// are in the pseudo header of TCP, UDP and ICMPv6. A UDP checksum of 0 is none, and stays (RFC 768).</param>
internal sealed record Rewrite(Field Field, Value Value, int? ChecksumAt, bool IsInTransportSum = false) : Statement
{
    private const uint Internet = 1;
    private const uint PseudoHeader = 1;

    public override string Text => $"{Field.Text} set {Value.Text}";

    public override bool IsExpressible => Field.IsExpressible && Value.IsExpressible;

    public override void AppendTo(ExpressionList list)
    {
        Value.Load(list, ExpressionList.Key);
        list.Add("payload", b =>
        {
            b.Number(2, (uint)Field.From);
            b.Number(3, (uint)Field.Offset);
            b.Number(4, (uint)Field.Bytes);
            b.Number(5, ExpressionList.Key);
            b.Number(6, ChecksumAt is null ? 0 : Internet);
            b.Number(7, (uint)(ChecksumAt ?? 0));
            b.Number(8, IsInTransportSum ? PseudoHeader : 0);
        });
    }
}

/// <summary>A value written in the rule.</summary>
internal sealed record Written(Datum Datum, int Bytes) : Value
{
    public override int Length => Bytes;

    public override string Text => Datum.Text;

    public override void Load(ExpressionList list, uint register) => list.Add("immediate", b =>
    {
        b.Number(1, register);
        Datum.WriteTo(b, 2);
    });
}
