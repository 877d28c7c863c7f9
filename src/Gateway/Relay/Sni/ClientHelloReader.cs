using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Gateway.Relay.Sni;

/// <summary>Reads the ClientHello at the beginning of a TLS stream without terminating it. Pure; takes any bytes.</summary>
/// <remarks>
/// Records (RFC 8446, 5.1): type 22, two bytes of version of which the first is 3, two of length; the handshake message
/// in them may be cut anywhere. The message (4.1.2): type 1, three bytes of length, version, random, session id, cipher
/// suites, compression methods, extensions. Of these server_name (0, RFC 6066 section 3) and
/// application_layer_protocol_negotiation (16, RFC 7301 section 3.1) are read. Nothing of the length the client states
/// is allocated before it has arrived.
/// </remarks>
internal static class ClientHelloReader
{
    /// <summary>The longest that is looked at, in bytes of the stream. Post-quantum key shares make about 2 KiB.</summary>
    public const int MaxLength = 16 * 1024;

    private const int RecordHead = 5;
    private const int MessageHead = 4;
    private const int LongestRecord = 16 * 1024;
    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;
    private const int VersionAndRandom = 34;
    private const int MostProtocols = 32;
    private const ushort ServerNameExtension = 0;
    private const ushort ProtocolsExtension = 16;

    /// <param name="bytes">The stream as far as it has come.</param>
    /// <param name="hello">What it says, when complete.</param>
    public static ClientHelloResult Read(ReadOnlySpan<byte> bytes, out ClientHello? hello)
    {
        hello = null;
        if (bytes.IsEmpty)
        {
            return ClientHelloResult.Incomplete;
        }

        if (bytes[0] != HandshakeRecord || (bytes.Length > 1 && bytes[1] != 3))
        {
            return ClientHelloResult.NotTls;
        }

        var stream = bytes[..Math.Min(bytes.Length, MaxLength)];
        var joined = ArrayPool<byte>.Shared.Rent(stream.Length);
        try
        {
            var result = Join(stream, joined, out var length);
            if (result == ClientHelloResult.Complete)
            {
                return TryRead(joined.AsSpan(MessageHead, length - MessageHead), out hello)
                    ? result : ClientHelloResult.Malformed;
            }

            return result == ClientHelloResult.Incomplete && bytes.Length >= MaxLength
                ? ClientHelloResult.Malformed : result;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(joined);
        }
    }

    /// <summary>Puts the pieces of the message together, its head included.</summary>
    private static ClientHelloResult Join(ReadOnlySpan<byte> stream, Span<byte> joined, out int length)
    {
        length = 0;
        while (stream.Length >= RecordHead)
        {
            var record = BinaryPrimitives.ReadUInt16BigEndian(stream[3..]);
            if (stream[0] != HandshakeRecord || stream[1] != 3 || record is 0 or > LongestRecord)
            {
                return ClientHelloResult.Malformed;
            }

            var piece = stream[RecordHead..Math.Min(RecordHead + record, stream.Length)];
            piece.CopyTo(joined[length..]);
            length += piece.Length;
            if (length > 0 && joined[0] != ClientHelloMessage)
            {
                return ClientHelloResult.Malformed;
            }

            if (length >= MessageHead)
            {
                var message = MessageHead + (joined[1] << 16 | BinaryPrimitives.ReadUInt16BigEndian(joined[2..]));
                if (message > MaxLength)
                {
                    return ClientHelloResult.Malformed;
                }

                if (length >= message)
                {
                    length = message;
                    return ClientHelloResult.Complete;
                }
            }

            stream = stream[(RecordHead + piece.Length)..];
        }

        return ClientHelloResult.Incomplete;
    }

    private static bool TryRead(ReadOnlySpan<byte> body, out ClientHello? hello)
    {
        hello = null;
        if (body.Length < VersionAndRandom)
        {
            return false;
        }

        body = body[VersionAndRandom..];
        if (!TryTake(ref body, 1, out _) || !TryTake(ref body, 2, out _) || !TryTake(ref body, 1, out _))
        {
            return false;
        }

        // Clients of TLS 1.0 may have no extensions at all.
        var extensions = ReadOnlySpan<byte>.Empty;
        if (!body.IsEmpty && !TryTake(ref body, 2, out extensions))
        {
            return false;
        }

        string? name = null;
        IReadOnlyList<string> protocols = [];
        while (!extensions.IsEmpty)
        {
            if (extensions.Length < 2)
            {
                return false;
            }

            var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            extensions = extensions[2..];
            if (!TryTake(ref extensions, 2, out var content)
                || (type == ServerNameExtension && !TryReadName(content, out name))
                || (type == ProtocolsExtension && !TryReadProtocols(content, out protocols)))
            {
                return false;
            }
        }

        hello = new ClientHello(name, protocols);
        return true;
    }

    /// <summary>A list of names, each of a type; the one type there is, host_name, is 0.</summary>
    private static bool TryReadName(ReadOnlySpan<byte> content, out string? name)
    {
        name = null;
        if (!TryTake(ref content, 2, out var names))
        {
            return false;
        }

        while (!names.IsEmpty)
        {
            var type = names[0];
            names = names[1..];
            if (!TryTake(ref names, 2, out var host))
            {
                return false;
            }

            if (type == 0 && name is null)
            {
                if (host.IsEmpty || host.Length > ServerNameMap.LongestName + 1 || host.ContainsAnyExceptInRange((byte)0x21, (byte)0x7E))
                {
                    return false;
                }

                name = ServerNameMap.Normalize(Encoding.ASCII.GetString(host));
            }
        }

        return true;
    }

    private static bool TryReadProtocols(ReadOnlySpan<byte> content, out IReadOnlyList<string> protocols)
    {
        var list = new List<string>();
        protocols = list;
        if (!TryTake(ref content, 2, out var names))
        {
            return false;
        }

        while (!names.IsEmpty)
        {
            if (!TryTake(ref names, 1, out var name) || name.IsEmpty)
            {
                return false;
            }

            if (list.Count < MostProtocols)
            {
                list.Add(Encoding.Latin1.GetString(name));
            }
        }

        return true;
    }

    /// <summary>Takes a vector with a length of this many bytes in front off the beginning.</summary>
    private static bool TryTake(scoped ref ReadOnlySpan<byte> from, int width, out ReadOnlySpan<byte> vector)
    {
        vector = default;
        if (from.Length < width)
        {
            return false;
        }

        var length = width == 1 ? from[0] : BinaryPrimitives.ReadUInt16BigEndian(from);
        if (from.Length < width + length)
        {
            return false;
        }

        vector = from.Slice(width, length);
        from = from[(width + length)..];
        return true;
    }
}
