using System.Buffers.Binary;
using System.Text;

namespace Gateway.Kernel.Netlink;

/// <summary>Netlink messages and their attributes, written one after the other into bytes.</summary>
/// <remarks>Source: include/uapi/linux/netlink.h. Every attribute is a length, a type and a value, padded to four bytes; a
/// length counts its own header and not the padding. Headers are in host byte order, nf_tables' own numbers in network
/// order.</remarks>
internal sealed class NetlinkBuffer(int capacity = 4096)
{
    private const ushort NestedFlag = 0x8000;
    private const int HeaderLength = 4;

    private byte[] _bytes = new byte[capacity];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Room for <paramref name="count"/> more bytes, set to 0, and counted as written.</summary>
    public Span<byte> Append(int count)
    {
        if (Length + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        }

        var room = _bytes.AsSpan(Length, count);
        room.Clear();
        Length += count;
        return room;
    }

    /// <summary>Overwrites a number in host order that was not known when its place was written.</summary>
    public void Patch(int at, uint value) => BitConverter.TryWriteBytes(_bytes.AsSpan(at), value);

    public void PatchByte(int at, byte value) => _bytes[at] = value;

    /// <summary>Writes one attribute and returns the room for its value.</summary>
    public Span<byte> Attribute(int type, int length)
    {
        var header = Append(HeaderLength);
        BitConverter.TryWriteBytes(header, (ushort)(HeaderLength + length));
        BitConverter.TryWriteBytes(header[2..], (ushort)type);
        var padded = (length + 3) & ~3;
        return Append(padded)[..length];
    }

    public void Raw(int type, ReadOnlySpan<byte> value) => value.CopyTo(Attribute(type, value.Length));

    public void Byte(int type, byte value) => Attribute(type, 1)[0] = value;

    /// <summary>A number in network byte order.</summary>
    public void Number(int type, uint value) => BinaryPrimitives.WriteUInt32BigEndian(Attribute(type, 4), value);

    /// <summary>A number in network byte order.</summary>
    public void Number(int type, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Attribute(type, 8), value);

    /// <summary>A text with its closing zero.</summary>
    public void Text(int type, string value) => Encoding.UTF8.GetBytes(value, Attribute(type, Encoding.UTF8.GetByteCount(value) + 1));

    /// <summary>Opens an attribute that holds attributes; <see cref="Close"/> takes what this returns.</summary>
    public int Open(int type)
    {
        var at = Length;
        BitConverter.TryWriteBytes(Append(HeaderLength)[2..], (ushort)(type | NestedFlag));
        return at;
    }

    public void Close(int at)
    {
        var length = Length - at;
        if (length > ushort.MaxValue)
        {
            throw new InvalidOperationException($"A netlink attribute of {length} bytes does not fit its 16-bit length.");
        }

        BitConverter.TryWriteBytes(_bytes.AsSpan(at), (ushort)length);
    }
}
