namespace Gateway.Relay.Tls;

/// <summary>A socket as a stream that knows whether the other end has closed. Only asynchronous reading and writing exist;
/// both throw <see cref="IOException"/>.</summary>
/// <remarks>TLS has an end of its own (close_notify, RFC 8446 section 6.1). If the socket ends without it, somebody has cut
/// the stream, and what was read must not be taken for the whole.</remarks>
internal abstract class TlsTransport : Stream
{
    /// <summary>Whether the end of the socket was read.</summary>
    public bool HasEnded { get; protected set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    public abstract override ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Closes the socket's writing half; throws <see cref="System.Net.Sockets.SocketException"/>.</summary>
    public abstract ValueTask FinishWritingAsync();

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
