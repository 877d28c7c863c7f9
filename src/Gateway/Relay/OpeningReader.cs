using System.Net.Sockets;

namespace Gateway.Relay;

/// <summary>Reads the opening of a connection from a .NET socket.</summary>
internal sealed class OpeningReader(Socket client, Opening opening)
{
    private const int FirstSize = 1024;

    private byte[] _buffer = [];
    private int _length;

    /// <summary>What was read and not taken off.</summary>
    public ReadOnlyMemory<byte> Rest => _buffer.AsMemory(0, _length);

    /// <summary>Whether the client closed without having sent anything.</summary>
    public bool IsEmptyEnd { get; private set; }

    /// <summary>Reads until the opening knows enough; throws what the socket throws.</summary>
    public async Task<OpeningResult> ReadAsync(CancellationToken deadline)
    {
        while (true)
        {
            // No memory while the client is silent.
            await client.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, deadline);
            if (_length == _buffer.Length)
            {
                Array.Resize(ref _buffer, Math.Clamp(2 * _length, FirstSize, Opening.MaxLength));
            }

            var received = await client.ReceiveAsync(_buffer.AsMemory(_length), SocketFlags.None, deadline);
            _length += received;
            if (_length == 0)
            {
                IsEmptyEnd = true;
                return OpeningResult.Refused;
            }

            var result = Read(isEnd: received == 0);
            if (result != OpeningResult.Incomplete)
            {
                return result;
            }
        }
    }

    private OpeningResult Read(bool isEnd)
    {
        while (true)
        {
            var result = opening.Read(_buffer.AsSpan(0, _length), isEnd, out var taken);
            _length -= taken;
            _buffer.AsSpan(taken, _length).CopyTo(_buffer);
            if (result != OpeningResult.Incomplete || taken == 0)
            {
                return result;
            }
        }
    }
}
