using System.Buffers.Binary;

namespace Gateway.Http.WebSockets;

/// <summary>Follows one direction of a WebSocket just closely enough to know where a frame ends, and whether a close frame
/// has passed (RFC 6455, section 5.2).</summary>
internal struct WebSocketFrames
{
    private const int CloseOpcode = 8;

    private HeaderBytes _header;
    private int _headerLength;
    private int _headerWanted;
    private ulong _payload;

    [System.Runtime.CompilerServices.InlineArray(14)]
    private struct HeaderBytes
    {
        private byte _first;
    }

    /// <summary>Whether the next byte begins a frame.</summary>
    public readonly bool IsAtBoundary => _headerLength == 0 && _payload == 0;

    /// <summary>Whether a whole close frame has passed.</summary>
    public bool HasClosed { get; private set; }

    /// <summary>Passes bytes up to the end of the frame they belong to; returns how many those are.</summary>
    public int Take(ReadOnlySpan<byte> bytes)
    {
        var taken = 0;
        while (taken < bytes.Length)
        {
            if (_payload > 0)
            {
                var part = (int)Math.Min(_payload, (ulong)(bytes.Length - taken));
                _payload -= (ulong)part;
                taken += part;
            }
            else if (!TakeHeader(bytes[taken++]))
            {
                continue;
            }

            if (_payload == 0)
            {
                HasClosed |= (_header[0] & 0xF) == CloseOpcode;
                _headerLength = 0;
                return taken;
            }
        }

        return taken;
    }

    /// <summary>Passes all bytes.</summary>
    public void TakeAll(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[Take(bytes)..];
        }
    }

    /// <summary>Takes a byte of the header; true when it is complete, and the length of the payload known.</summary>
    private bool TakeHeader(byte value)
    {
        _header[_headerLength++] = value;
        if (_headerLength < 2)
        {
            return false;
        }

        var length = _header[1] & 0x7F;
        var lengthBytes = length switch { 126 => 2, 127 => 8, _ => 0 };
        if (_headerLength == 2)
        {
            _headerWanted = 2 + lengthBytes + ((_header[1] & 0x80) != 0 ? 4 : 0);
        }

        if (_headerLength < _headerWanted)
        {
            return false;
        }

        ReadOnlySpan<byte> header = _header;
        _payload = lengthBytes switch
        {
            2 => BinaryPrimitives.ReadUInt16BigEndian(header[2..]),
            8 => BinaryPrimitives.ReadUInt64BigEndian(header[2..]),
            _ => (ulong)length,
        };
        return true;
    }
}
