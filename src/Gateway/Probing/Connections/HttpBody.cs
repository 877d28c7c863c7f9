using System.Globalization;
using System.Text;

namespace Gateway.Probing.Connections;

/// <summary>The body of one HTTP/1.x response: of a known length, in chunks, or up to the end of the connection.</summary>
/// <remarks>RFC 9112, sections 6 and 7.1. Trailers are not read: nothing comes after them on this connection.</remarks>
internal sealed class HttpBody(HttpResponseReader reader, long? length, bool isChunked) : Stream
{
    // A chunk's size and its extensions; more is no size.
    private const int MaxSizeLine = 256;

    private readonly byte[] _one = new byte[1];
    private long _left = isChunked ? 0 : length ?? long.MaxValue;
    private bool _isFirstChunk = true;
    private bool _ended;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_left == 0 && isChunked && !_ended)
        {
            _left = await ReadChunkSizeAsync(cancellationToken);
            _ended = _left == 0;
        }

        if (_left == 0)
        {
            return 0;
        }

        var read = await reader.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
        if (read == 0 && (isChunked || length is not null))
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded);
        }

        _left -= read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async ValueTask<long> ReadChunkSizeAsync(CancellationToken deadline)
    {
        if (!_isFirstChunk && (await ReadLineAsync(deadline)).Length > 0)
        {
            throw new HttpIOException(HttpRequestError.InvalidResponse);
        }

        _isFirstChunk = false;
        var line = await ReadLineAsync(deadline);
        var size = line.AsSpan(0, line.IndexOf(';') is >= 0 and var extension ? extension : line.Length).Trim();
        return size.Length <= 15
            && long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bytes)
                ? bytes
                : throw new HttpIOException(HttpRequestError.InvalidResponse);
    }

    private async ValueTask<string> ReadLineAsync(CancellationToken deadline)
    {
        var line = new StringBuilder();
        while (line.Length < MaxSizeLine)
        {
            if (await reader.ReadAsync(_one, deadline) == 0)
            {
                throw new HttpIOException(HttpRequestError.ResponseEnded);
            }

            if (_one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)_one[0]);
        }

        throw new HttpIOException(HttpRequestError.InvalidResponse);
    }
}
