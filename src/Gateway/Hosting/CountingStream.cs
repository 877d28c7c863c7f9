namespace Gateway.Hosting;

/// <summary>A stream that counts what passes, and notes when the first byte is written. It does not own what it wraps.
/// </summary>
internal sealed class CountingStream(Stream inner, TimeProvider time) : Stream
{
    /// <summary>Bytes read through it.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Bytes written through it.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>Timestamp of the first write; 0 before it.</summary>
    public long FirstWrite { get; private set; }

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => CountRead(inner.Read(buffer, offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        CountRead(await inner.ReadAsync(buffer, cancellationToken));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count)
    {
        CountWritten(count);
        inner.Write(buffer, offset, count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        CountWritten(buffer.Length);
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private int CountRead(int bytes)
    {
        BytesRead += bytes;
        return bytes;
    }

    private void CountWritten(int bytes)
    {
        if (FirstWrite == 0)
        {
            FirstWrite = time.GetTimestamp();
        }

        BytesWritten += bytes;
    }
}
