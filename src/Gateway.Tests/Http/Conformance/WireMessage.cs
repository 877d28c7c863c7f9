using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Http.Conformance;

/// <summary>A request or an answer as it was on the wire, read by a reader of its own that knows nothing of Gateway's.
/// </summary>
/// <param name="StartLine">The first line.</param>
/// <param name="Fields">Header fields in order, names as they came.</param>
/// <param name="Body">The body without its framing.</param>
/// <param name="Trailers">Trailer fields of a chunked body.</param>
internal sealed record WireMessage(
    string StartLine, IReadOnlyList<(string Name, string Value)> Fields, byte[] Body, IReadOnlyList<(string Name, string Value)> Trailers)
{
    public int Status => int.Parse(StartLine.AsSpan(9, 3), CultureInfo.InvariantCulture);

    public string Method => StartLine.Split(' ')[0];

    public string Target => StartLine.Split(' ')[1];

    public string Text => Encoding.Latin1.GetString(Body);

    /// <summary>The values of a field, joined by comma; null when it is missing.</summary>
    public string? this[string name] =>
        Fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value).ToArray()
            is { Length: > 0 } values ? string.Join(", ", values) : null;
}

/// <summary>Reads messages from a socket, one after the other; each byte is one character.</summary>
internal sealed class WireReader(Socket socket)
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>Whether bytes are left that no message took.</summary>
    public bool HasRest => _start < _end;

    /// <summary>Reads a request; null when the client closed before the first byte.</summary>
    public async Task<WireMessage?> ReadRequestAsync(Func<Task>? beforeBody = null)
    {
        if (await ReadHeadAsync() is not var (line, fields))
        {
            return null;
        }

        if (beforeBody is not null)
        {
            await beforeBody();
        }

        return Field(fields, "Transfer-Encoding") is not null
            ? await ReadChunkedAsync(line, fields)
            : new(line, fields, await ReadExactlyAsync(long.Parse(Field(fields, "Content-Length") ?? "0", CultureInfo.InvariantCulture)), []);
    }

    /// <summary>Reads an answer.</summary>
    /// <param name="method">The method of its request.</param>
    /// <exception cref="EndOfStreamException">The connection ended within it.</exception>
    public async Task<WireMessage> ReadAnswerAsync(string method = "GET")
    {
        var (line, fields) = await ReadHeadAsync() ?? throw new EndOfStreamException();
        var status = int.Parse(line.AsSpan(9, 3), CultureInfo.InvariantCulture);
        if (method == "HEAD" || status is < 200 or 204 or 304)
        {
            return new(line, fields, [], []);
        }

        if (Field(fields, "Transfer-Encoding") is not null)
        {
            return await ReadChunkedAsync(line, fields);
        }

        var body = Field(fields, "Content-Length") is { } length
            ? await ReadExactlyAsync(long.Parse(length, CultureInfo.InvariantCulture))
            : await ReadToEndAsync();
        return new(line, fields, body, []);
    }

    /// <summary>Reads until the other side closes; what is returned is all that came.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        using var all = new MemoryStream();
        do
        {
            all.Write(_buffer, _start, _end - _start);
        }
        while (await FillAsync());

        return all.ToArray();
    }

    private static string? Field(IReadOnlyList<(string Name, string Value)> fields, string name) =>
        fields.FirstOrDefault(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    private async Task<(string Line, List<(string Name, string Value)> Fields)?> ReadHeadAsync()
    {
        if (!HasRest && !await FillAsync())
        {
            return null;
        }

        return (await ReadLineAsync(), await ReadFieldsAsync());
    }

    private async Task<List<(string Name, string Value)>> ReadFieldsAsync()
    {
        var fields = new List<(string, string)>();
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            fields.Add((line[..colon], line[(colon + 1)..].Trim(' ', '\t')));
        }

        return fields;
    }

    private async Task<WireMessage> ReadChunkedAsync(string line, List<(string Name, string Value)> fields)
    {
        using var body = new MemoryStream();
        while (int.Parse(await ReadLineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is var size and > 0)
        {
            body.Write(await ReadExactlyAsync(size));
            Assert.Equal("", await ReadLineAsync());
        }

        return new(line, fields, body.ToArray(), await ReadFieldsAsync());
    }

    private async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (!HasRest && !await FillAsync())
            {
                throw new EndOfStreamException(line.ToString());
            }

            var next = (char)_buffer[_start++];
            if (next == '\n')
            {
                Assert.True(line is { Length: > 0 } && line[^1] == '\r', $"A line without CR LF: {line}");
                return line.ToString(0, line.Length - 1);
            }

            line.Append(next);
        }
    }

    private async Task<byte[]> ReadExactlyAsync(long count)
    {
        var bytes = new byte[count];
        for (var got = 0; got < count;)
        {
            if (!HasRest && !await FillAsync())
            {
                throw new EndOfStreamException();
            }

            var piece = (int)Math.Min(count - got, _end - _start);
            _buffer.AsSpan(_start, piece).CopyTo(bytes.AsSpan(got));
            _start += piece;
            got += piece;
        }

        return bytes;
    }

    private async Task<bool> FillAsync()
    {
        _start = 0;
        _end = await socket.ReceiveAsync(_buffer).WaitAsync(_deadline);
        return _end > 0;
    }
}
