using System.Net.Sockets;

namespace Gateway.Relay.Tls;

/// <summary>A socket as a stream, with bytes in front that were read before; knows whether the other end has closed.</summary>
/// <remarks>TLS has an end of its own (close_notify, RFC 8446 section 6.1). If the socket ends without it, somebody has cut
/// the stream, and what was read must not be taken for the whole.</remarks>
internal sealed class TlsTransport(Socket socket, ReadOnlyMemory<byte> ahead) : Stream
{
    private ReadOnlyMemory<byte> _ahead = ahead;

    /// <summary>Whether the end of the socket was read.</summary>
    public bool HasEnded { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ahead.Length > 0)
        {
            var count = Math.Min(_ahead.Length, buffer.Length);
            _ahead[..count].CopyTo(buffer);
            _ahead = _ahead[count..];
            return count;
        }

        try
        {
            var read = await socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
            HasEnded |= read == 0 && buffer.Length > 0;
            return read;
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                buffer = buffer[await socket.SendAsync(buffer, SocketFlags.None, cancellationToken)..];
            }
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
        // Nothing is held.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
