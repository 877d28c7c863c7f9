using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gateway.ProxyProtocol;

/// <summary>Version 2 of the header: binary, with extensions.</summary>
/// <remarks>
/// Twelve bytes of signature; version and command in one byte (0x20 LOCAL, 0x21 PROXY); family and transport in one
/// (0x11 TCP over IPv4, 0x21 TCP over IPv6, 0x31 a Unix socket); two bytes of length of what follows in network order:
/// source address, destination address, source port, destination port, then extensions, each a type, two bytes of length
/// and a value (section 2.2). After LOCAL everything is skipped.
/// </remarks>
internal static class ProxyHeaderBinary
{
    /// <summary>The longest header that is written without extensions.</summary>
    public const int MaxLengthBare = FixedLength + AddressesIPv6;

    private const int FixedLength = 16;
    private const int AddressesIPv4 = 12;
    private const int AddressesIPv6 = 36;
    private const int AddressesUnix = 216;
    private const byte VersionTwoLocal = 0x20;
    private const byte VersionTwoProxy = 0x21;
    private const byte TcpOverIPv4 = 0x11;
    private const byte TcpOverIPv6 = 0x21;

    private static ReadOnlySpan<byte> Signature => [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    public static ProxyHeaderResult Read(ReadOnlySpan<byte> bytes, out ProxyHeader header, out int length)
    {
        header = default;
        length = 0;
        if (!ProxyHeaderReader.BeginsAs(bytes, Signature))
        {
            return ProxyHeaderResult.Malformed;
        }

        if (bytes.Length < FixedLength)
        {
            return ProxyHeaderResult.Incomplete;
        }

        var total = FixedLength + BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (bytes[12] is not (VersionTwoLocal or VersionTwoProxy) || total > ProxyHeaderReader.MaxLength)
        {
            return ProxyHeaderResult.Malformed;
        }

        if (bytes.Length < total)
        {
            return ProxyHeaderResult.Incomplete;
        }

        if (bytes[12] == VersionTwoProxy && !TryRead(bytes[..total], out header))
        {
            return ProxyHeaderResult.Malformed;
        }

        length = total;
        return ProxyHeaderResult.Complete;
    }

    /// <summary>Writes the header; returns its length. The addresses are of one family.</summary>
    public static int Write(Span<byte> target, IPEndPoint source, IPEndPoint destination, ReadOnlySpan<byte> extensions)
    {
        var isIPv4 = source.AddressFamily == AddressFamily.InterNetwork;
        var width = isIPv4 ? 4 : 16;
        var addresses = isIPv4 ? AddressesIPv4 : AddressesIPv6;
        Signature.CopyTo(target);
        target[12] = VersionTwoProxy;
        target[13] = isIPv4 ? TcpOverIPv4 : TcpOverIPv6;
        BinaryPrimitives.WriteUInt16BigEndian(target[14..], (ushort)(addresses + extensions.Length));
        var rest = target[FixedLength..];
        source.Address.TryWriteBytes(rest, out _);
        destination.Address.TryWriteBytes(rest[width..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(rest[(2 * width)..], (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(rest[((2 * width) + 2)..], (ushort)destination.Port);
        extensions.CopyTo(rest[addresses..]);
        return FixedLength + addresses + extensions.Length;
    }

    private static bool TryRead(ReadOnlySpan<byte> bytes, out ProxyHeader header)
    {
        header = default;
        var (family, transport) = (bytes[13] >> 4, bytes[13] & 0x0F);
        var rest = bytes[FixedLength..];
        int? addresses = family switch
        {
            0 => 0,
            1 => AddressesIPv4,
            2 => AddressesIPv6,
            3 => AddressesUnix,
            _ => null,
        };
        if (transport > 2 || addresses is not { } width || rest.Length < width)
        {
            return false;
        }

        // Without a family the length of the addresses is not known, and so not where extensions begin.
        var extensions = family == 0 ? default : rest[width..];
        if (!ProxyExtensions.TryRead(bytes, extensions, out var kept))
        {
            return false;
        }

        header = family switch
        {
            1 => new ProxyHeader(EndPoint(rest[..4], rest[8..]), EndPoint(rest[4..8], rest[10..]), kept),
            2 => new ProxyHeader(EndPoint(rest[..16], rest[32..]), EndPoint(rest[16..32], rest[34..]), kept),
            _ => new ProxyHeader(null, null, kept),
        };
        return true;
    }

    private static IPEndPoint EndPoint(ReadOnlySpan<byte> address, ReadOnlySpan<byte> port)
    {
        var ip = new IPAddress(address);
        return new IPEndPoint(
            ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip, BinaryPrimitives.ReadUInt16BigEndian(port));
    }
}
