using System.Buffers.Binary;
using System.Text;

namespace Gateway.Kernel.Netlink;

/// <summary>One message from the kernel.</summary>
internal readonly ref struct NetlinkMessage(ReadOnlySpan<byte> bytes)
{
    public const int HeaderLength = 16;
    public const ushort ErrorType = 2;
    public const ushort DoneType = 3;

    private const ushort Interrupted = 0x10;
    private const int EchoedHeader = HeaderLength + 4 + HeaderLength;

    private readonly ReadOnlySpan<byte> _bytes = bytes[..(int)BitConverter.ToUInt32(bytes)];

    public int Length => _bytes.Length;

    public ushort Type => BitConverter.ToUInt16(_bytes[4..]);

    public uint Sequence => BitConverter.ToUInt32(_bytes[8..]);

    /// <summary>Whether a listing changed while it was read, and must be read again.</summary>
    public bool IsInterrupted => (BitConverter.ToUInt16(_bytes[6..]) & Interrupted) != 0;

    /// <summary>The error number of an answer of <see cref="ErrorType"/>; 0 is that all went well.</summary>
    public int Error => -BitConverter.ToInt32(_bytes[HeaderLength..]);

    /// <summary>What the kernel says beside the number; empty when it says nothing.</summary>
    public string Detail
    {
        get
        {
            foreach (var attribute in new NetlinkAttributes(_bytes[Math.Min(EchoedHeader, Length)..]))
            {
                if (attribute.Type == 1)
                {
                    return attribute.Text;
                }
            }

            return "";
        }
    }

    /// <summary>The attributes after a protocol header of so many bytes.</summary>
    public NetlinkAttributes Attributes(int protocolHeader) => new(_bytes[(HeaderLength + protocolHeader)..]);

    /// <summary>The protocol header and all after it.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];
}

/// <summary>Attributes one after the other.</summary>
internal ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private const int HeaderLength = 4;
    private ReadOnlySpan<byte> _rest = bytes;

    public NetlinkAttribute Current { get; private set; }

    public readonly NetlinkAttributes GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_rest.Length < HeaderLength)
        {
            return false;
        }

        var length = BitConverter.ToUInt16(_rest);
        if (length < HeaderLength || length > _rest.Length)
        {
            return false;
        }

        Current = new NetlinkAttribute(BitConverter.ToUInt16(_rest[2..]) & 0x3fff, _rest[HeaderLength..length]);
        _rest = _rest[Math.Min((length + 3) & ~3, _rest.Length)..];
        return true;
    }
}

/// <summary>One attribute.</summary>
internal readonly ref struct NetlinkAttribute(int type, ReadOnlySpan<byte> value)
{
    public int Type { get; } = type;

    public ReadOnlySpan<byte> Value { get; } = value;

    public string Text => Encoding.UTF8.GetString(Value.TrimEnd((byte)0));

    public uint Number => BinaryPrimitives.ReadUInt32BigEndian(Value);

    public ulong LongNumber => BinaryPrimitives.ReadUInt64BigEndian(Value);

    public NetlinkAttributes Nested => new(Value);
}
