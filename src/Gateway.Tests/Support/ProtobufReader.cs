using System.Buffers.Binary;

namespace Gateway.Tests.Support;

/// <summary>Walks the fields of one protobuf message.</summary>
/// <remarks>Wire format: each field begins with a varint of number × 8 + type; type 0 is a varint, 1 eight bytes, 2 a
/// length and as many bytes, 5 four bytes (protobuf.dev, "Encoding").</remarks>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>The value of a field that is a number.</summary>
    public ulong Number { get; private set; }

    /// <summary>The value of a field that is text, bytes or a message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Moves to the next field; false at the end of the message.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var tag = ReadVarint();
        Field = (int)(tag >> 3);
        Bytes = [];
        switch (tag & 7)
        {
            case 0:
                Number = ReadVarint();
                break;
            case 1:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case 2:
                Bytes = Take((int)ReadVarint());
                break;
            case 5:
                Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                throw new InvalidDataException($"Field {Field} has wire type {tag & 7}.");
        }

        return true;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    private ulong ReadVarint()
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var part = Take(1)[0];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }
}
