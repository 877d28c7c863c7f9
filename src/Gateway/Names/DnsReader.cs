using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace Gateway.Names;

/// <summary>Reads the parts of a DNS message one after another.</summary>
/// <remarks>Every method throws a <see cref="FormatException"/> where the message ends too early or a name is none. A
/// compressed name may point to earlier bytes only, each time further back, so that none can make a loop.</remarks>
internal ref struct DnsReader(ReadOnlySpan<byte> message, int offset)
{
    private readonly ReadOnlySpan<byte> _message = message;
    private int _offset = offset;

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    /// <summary>A name, compressed or not (RFC 1035, section 4.1.4), without the dot at its end.</summary>
    public string ReadName()
    {
        var name = new StringBuilder();
        var at = _offset;
        var lowest = _offset;
        var end = -1;
        while (true)
        {
            var length = ByteAt(at);
            if (length == 0)
            {
                _offset = end < 0 ? at + 1 : end;
                return name.ToString();
            }

            if ((length & 0xc0) == 0xc0)
            {
                end = end < 0 ? at + 2 : end;
                at = ((length & 0x3f) << 8) | ByteAt(at + 1);
                lowest = at < lowest ? at : throw new FormatException("a compressed name does not point back");
                continue;
            }

            Append(name, at, length);
            at += 1 + length;
        }
    }

    /// <summary>The length and the data of a record.</summary>
    public DnsRecord ReadData(string name, DnsType type, TimeSpan ttl)
    {
        var length = ReadUInt16();
        var end = _offset + length;
        if (end > _message.Length)
        {
            throw new FormatException("a record is longer than the message");
        }

        var record = type switch
        {
            DnsType.A => OfAddress(name, type, ttl, Take(length == 4 ? 4 : throw WrongLength())),
            DnsType.AAAA => OfAddress(name, type, ttl, Take(length == 16 ? 16 : throw WrongLength())),
            DnsType.CNAME or DnsType.NS or DnsType.PTR => OfTarget(name, type, ttl, ReadName()),
            DnsType.MX => new DnsRecord(name, type, ttl, string.Create(CultureInfo.InvariantCulture, $"{ReadUInt16()} {ReadName()}")),
            DnsType.SRV => OfService(name, ttl),
            DnsType.SOA => new DnsRecord(name, type, ttl, string.Create(CultureInfo.InvariantCulture,
                $"{ReadName()} {ReadName()} {ReadUInt32()} {ReadUInt32()} {ReadUInt32()} {ReadUInt32()} {ReadUInt32()}")),
            DnsType.TXT => new DnsRecord(name, type, ttl, ReadStrings(end)),
            _ => new DnsRecord(name, type, ttl, Convert.ToHexStringLower(Take(length))),
        };
        return _offset == end ? record : throw WrongLength();
    }

    private static FormatException WrongLength() => new("a record has another length than its data");

    private static DnsRecord OfAddress(string name, DnsType type, TimeSpan ttl, ReadOnlySpan<byte> bytes)
    {
        var address = new IPAddress(bytes);
        return new DnsRecord(name, type, ttl, address.ToString()) { Address = address };
    }

    private static DnsRecord OfTarget(string name, DnsType type, TimeSpan ttl, string target) =>
        new(name, type, ttl, target) { Target = target };

    // RFC 2782.
    private DnsRecord OfService(string name, TimeSpan ttl)
    {
        var (priority, weight, port) = (ReadUInt16(), ReadUInt16(), ReadUInt16());
        var target = ReadName();
        var text = string.Create(CultureInfo.InvariantCulture, $"{priority} {weight} {port} {target}");
        return new DnsRecord(name, DnsType.SRV, ttl, text)
        {
            Priority = priority,
            Weight = weight,
            Port = port,
            Target = target,
        };
    }

    private string ReadStrings(int end)
    {
        var text = new StringBuilder();
        while (_offset < end)
        {
            text.Append(Encoding.UTF8.GetString(Take(Take(1)[0])));
        }

        return text.ToString();
    }

    private readonly void Append(StringBuilder name, int at, int length)
    {
        if (length > DnsName.MaxLabel || at + 1 + length > _message.Length || name.Length + 1 + length > DnsName.MaxBytes)
        {
            throw new FormatException("a name is longer than names are");
        }

        if (name.Length > 0)
        {
            name.Append('.');
        }

        foreach (var letter in _message.Slice(at + 1, length))
        {
            // A dot inside a label, or what no host has in its name, must not look like another name.
            name.Append(letter is > 0x20 and < 0x7f and not (byte)'.' ? (char)letter : '?');
        }
    }

    private readonly int ByteAt(int at) =>
        at < _message.Length ? _message[at] : throw new FormatException("the message ends within a name");

    private ReadOnlySpan<byte> Take(int length)
    {
        if (_offset + length > _message.Length)
        {
            throw new FormatException("the message ends too early");
        }

        _offset += length;
        return _message.Slice(_offset - length, length);
    }
}
