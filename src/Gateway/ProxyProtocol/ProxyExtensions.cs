using System.Buffers.Binary;
using System.Numerics;

namespace Gateway.ProxyProtocol;

/// <summary>The type-length-value fields of a version 2 header.</summary>
/// <remarks>
/// A checksum (type 3, CRC32c over the whole header with its own value taken as zero) is verified, as the protocol asks
/// for, and dropped together with padding (type 4); all others are kept as they are, whether known or not.
/// </remarks>
internal static class ProxyExtensions
{
    private const byte Checksum = 3;
    private const byte Padding = 4;
    private const int HeadLength = 3;

    /// <param name="header">The whole header.</param>
    /// <param name="fields">The part of it that holds the fields.</param>
    /// <param name="kept">The fields to be passed on.</param>
    /// <returns>False when they are cut short or the checksum is wrong.</returns>
    public static bool TryRead(ReadOnlySpan<byte> header, ReadOnlySpan<byte> fields, out ReadOnlyMemory<byte> kept)
    {
        kept = default;
        if (fields.IsEmpty)
        {
            return true;
        }

        var copy = new byte[fields.Length];
        var length = 0;
        while (!fields.IsEmpty)
        {
            var total = fields.Length < HeadLength
                ? int.MaxValue : HeadLength + BinaryPrimitives.ReadUInt16BigEndian(fields[1..]);
            if (total > fields.Length)
            {
                return false;
            }

            if (fields[0] == Checksum && !IsRight(header, header.Length - fields.Length + HeadLength, total - HeadLength))
            {
                return false;
            }

            if (fields[0] is not (Checksum or Padding))
            {
                fields[..total].CopyTo(copy.AsSpan(length));
                length += total;
            }

            fields = fields[total..];
        }

        kept = copy.AsMemory(0, length);
        return true;
    }

    private static bool IsRight(ReadOnlySpan<byte> header, int offset, int length)
    {
        if (length != sizeof(uint))
        {
            return false;
        }

        var crc = Add(uint.MaxValue, header[..offset]);
        crc = BitOperations.Crc32C(crc, 0u);
        crc = ~Add(crc, header[(offset + sizeof(uint))..]);
        return crc == BinaryPrimitives.ReadUInt32BigEndian(header[offset..]);
    }

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return crc;
    }
}
