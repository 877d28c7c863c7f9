using System.Globalization;
using System.Text;

namespace Gateway.Probing.Connections;

/// <summary>Reads one HTTP/1.x response from a connection that carries only this one.</summary>
/// <remarks>
/// RFC 9112. Faults are <see cref="HttpIOException"/>s, as those of the library's client, which makes ten times the work of a
/// probe: a pool, a queue and header collections. Everything is bounded: 64 KiB of header, and no more of the body than is
/// asked for.
/// </remarks>
/// <param name="connection">The connection.</param>
/// <param name="isHead">Whether it answers a HEAD.</param>
/// <param name="isStrict">Whether a line of the header must end in CR LF, as those must that are forwarded.</param>
internal sealed class HttpResponseReader(Stream connection, bool isHead, bool isStrict)
{
    private const int MaxHeaderBytes = 64 * 1024;

    private byte[] _buffer = new byte[1024];
    private int _start;
    private int _end;

    /// <summary>Reads the header of the final response, past any of 1xx, and returns its status.</summary>
    public async ValueTask<int> ReadStatusAsync(CancellationToken deadline)
    {
        var read = 0;
        while (true)
        {
            var end = await ReadHeaderAsync(MaxHeaderBytes - read, deadline);
            read += end;
            var header = Encoding.Latin1.GetString(_buffer, _start, end);
            _start += end;
            var status = StatusOf(header);
            if (status is >= 200 or 101)
            {
                Body = BodyOf(header, status);
                return status;
            }
        }
    }

    /// <summary>The body, after the status was read.</summary>
    public Stream Body { get; private set; } = Stream.Null;

    /// <summary>Takes what has come, else reads from the connection; 0 is its end.</summary>
    internal async ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken deadline)
    {
        if (_start == _end)
        {
            return await connection.ReadAsync(into, deadline);
        }

        var length = Math.Min(into.Length, _end - _start);
        _buffer.AsMemory(_start, length).CopyTo(into);
        _start += length;
        return length;
    }

    private static HttpIOException NotHttp() => new(HttpRequestError.InvalidResponse);

    // The end of the next header block, counted from _start.
    private async ValueTask<int> ReadHeaderAsync(int most, CancellationToken deadline)
    {
        var searched = 0;
        while (true)
        {
            var unread = _buffer.AsSpan(_start, _end - _start);
            if (!MayBeHttp(unread))
            {
                throw NotHttp();
            }

            if (EndOfHeader(unread, searched) is > 0 and var end)
            {
                return end;
            }

            if (unread.Length >= most)
            {
                throw new HttpIOException(HttpRequestError.ConfigurationLimitExceeded);
            }

            // The last three bytes may be the beginning of an end.
            searched = Math.Max(0, unread.Length - 3);
            if (_end == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var length = await connection.ReadAsync(_buffer.AsMemory(_end), deadline);
            if (length == 0)
            {
                throw new HttpIOException(HttpRequestError.ResponseEnded);
            }

            _end += length;
        }
    }

    // An empty line; unless it is strict a line may end without the carriage return (RFC 9112, section 2.2).
    private int EndOfHeader(ReadOnlySpan<byte> header, int from)
    {
        while (header[from..].IndexOf((byte)'\n') is >= 0 and var found)
        {
            from += found + 1;
            if (isStrict && header[from - 2] != '\r')
            {
                throw new InvalidAnswerException("a line does not end in CR LF");
            }

            var next = header[from..];
            if (!isStrict && next.StartsWith("\n"u8))
            {
                return from + 1;
            }

            if (next.StartsWith("\r\n"u8))
            {
                return from + 2;
            }
        }

        return -1;
    }

    private static bool MayBeHttp(ReadOnlySpan<byte> beginning)
    {
        var length = Math.Min(beginning.Length, 7);
        return beginning[..length].SequenceEqual("HTTP/1."u8[..length]);
    }

    // "HTTP/1.1 200 OK": the version has one digit, and a code has three (RFC 9112, section 4).
    private static int StatusOf(string header) =>
        header.Length > 12 && header.StartsWith("HTTP/1.", StringComparison.Ordinal) && char.IsAsciiDigit(header[7])
        && header[8] == ' ' && (header[12] is ' ' or '\r' or '\n')
        && int.TryParse(header.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
        && status >= 100
            ? status
            : throw NotHttp();

    // RFC 9112, section 6.3.
    private Stream BodyOf(string header, int status)
    {
        if (isHead || status is 204 or 304 or 101)
        {
            return Stream.Null;
        }

        if (ValueOf(header, "Transfer-Encoding") is { } encoding)
        {
            return new HttpBody(this, null, encoding.EndsWith("chunked", StringComparison.OrdinalIgnoreCase));
        }

        return ValueOf(header, "Content-Length") is not { } length ? new HttpBody(this, null, isChunked: false)
            : long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                ? new HttpBody(this, bytes, isChunked: false)
            : throw NotHttp();
    }

    private static string? ValueOf(string header, string name)
    {
        foreach (var line in header.AsSpan().EnumerateLines())
        {
            if (line.Length > name.Length && line[name.Length] == ':'
                && line[..name.Length].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return line[(name.Length + 1)..].Trim().ToString();
            }
        }

        return null;
    }
}
