using System.Buffers.Binary;

namespace Gateway.Names;

/// <summary>Writes questions and reads answers in the format of DNS messages.</summary>
/// <remarks>
/// RFC 1035, section 4, with the option record of RFC 6891 that allows answers of 1232 bytes over UDP, which fit into one
/// packet everywhere. Reading is strict: what is not an answer to the very question, with its number, is none, and a message
/// that does not follow the format to its last needed byte is refused as a whole.
/// </remarks>
internal static class DnsMessage
{
    public const int UdpBytes = 1232;

    private const int HeaderBytes = 12;
    private const int MaxAnswers = 512;
    private const ushort Internet = 1;
    private const ushort Option = 41;

    /// <summary>The question as a message. Recursion is asked for.</summary>
    /// <exception cref="FormatException">The name is none: a label is empty or longer than 63 bytes, or all is longer than
    /// 255.</exception>
    public static byte[] Ask(ushort id, DnsQuestion question, bool withOption = true)
    {
        var name = DnsName.Encode(question.Name);
        var message = new byte[HeaderBytes + name.Length + 4 + (withOption ? 11 : 0)];
        var writer = message.AsSpan();
        BinaryPrimitives.WriteUInt16BigEndian(writer, id);
        BinaryPrimitives.WriteUInt16BigEndian(writer[2..], 0x0100);
        BinaryPrimitives.WriteUInt16BigEndian(writer[4..], 1);
        BinaryPrimitives.WriteUInt16BigEndian(writer[10..], (ushort)(withOption ? 1 : 0));
        name.CopyTo(writer[HeaderBytes..]);
        var rest = writer[(HeaderBytes + name.Length)..];
        BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)question.Type);
        BinaryPrimitives.WriteUInt16BigEndian(rest[2..], Internet);
        if (withOption)
        {
            // Root as name, then type, size, and a TTL and length of nothing.
            BinaryPrimitives.WriteUInt16BigEndian(rest[5..], Option);
            BinaryPrimitives.WriteUInt16BigEndian(rest[7..], UdpBytes);
        }

        return message;
    }

    /// <summary>Reads an answer; null when the message is not one to this question.</summary>
    /// <exception cref="FormatException">It is one, and does not follow the format.</exception>
    public static DnsResponse? Read(ReadOnlySpan<byte> message, ushort id, DnsQuestion question)
    {
        if (message.Length < HeaderBytes || BinaryPrimitives.ReadUInt16BigEndian(message) != id)
        {
            return null;
        }

        var flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        var isAnswer = (flags & 0x8000) != 0 && (flags & 0x7800) == 0;
        var code = flags & 0x0f;
        var questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        var answers = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        if (!isAnswer || questions > 1)
        {
            return null;
        }

        var reader = new DnsReader(message, HeaderBytes);
        if (questions == 0)
        {
            // A server that could not read the question need not repeat it.
            return code == 0 ? null : new DnsResponse(code, false, []);
        }

        if (!reader.ReadName().Equals(question.Name, StringComparison.OrdinalIgnoreCase)
            || reader.ReadUInt16() != (ushort)question.Type || reader.ReadUInt16() != Internet)
        {
            return null;
        }

        var isTruncated = (flags & 0x0200) != 0;
        return new DnsResponse(code, isTruncated, isTruncated ? [] : ReadRecords(ref reader, Math.Min((int)answers, MaxAnswers)));
    }

    private static List<DnsRecord> ReadRecords(ref DnsReader reader, int count)
    {
        var records = new List<DnsRecord>();
        for (var i = 0; i < count; i++)
        {
            var name = reader.ReadName();
            var type = reader.ReadUInt16();
            var kind = reader.ReadUInt16();
            var ttl = reader.ReadUInt32();
            var record = reader.ReadData(name, (DnsType)type, TimeSpan.FromSeconds(ttl > int.MaxValue ? 0 : ttl));
            if (kind == Internet)
            {
                records.Add(record);
            }
        }

        return records;
    }
}
