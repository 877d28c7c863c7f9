using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Gateway.Http.Forwarding;

namespace Gateway.Http.Plain;

/// <summary>
/// The head of a request, if it is plain: one that every program along the way reads in the same way. Whatever is not, or
/// is not all there, is Kestrel's to read.
/// </summary>
/// <remarks>
/// Plain is (RFC 9112, RFC 9110): <c>METHOD SP /target SP HTTP/1.1</c>, lines that end in CR LF, one valid Host, at most one
/// Content-Length, a path without escapes, dot segments and empty segments, no field that changes how the message is read or
/// that is for one hop only, but for <c>Connection: keep-alive</c> or <c>close</c>. Its limits are those of Kestrel or below.
/// One object serves one request after the other.
/// </remarks>
internal sealed class PlainHead
{
    private static readonly SearchValues<byte> _path = SearchValues.Create(
        "/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@"u8);

    private static readonly SearchValues<byte> _host = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:"u8);

    // Needed only until the route is found, so that a connection that is idle does not hold it.
    [ThreadStatic]
    private static char[]? _chars;

    // A name, a colon and a line end: no head can have more, however many are allowed.
    private const int ShortestField = 4;

    // Many more than are allowed are asked for seldom.
    private const int FewFields = 16;

    private Range[] _fields = new Range[FewFields];
    private bool _hasCookie;

    /// <summary>The method, in one of the strings of <see cref="HttpMethods"/>.</summary>
    public string Method { get; private set; } = "";

    /// <summary>Where the target is.</summary>
    public Range Target { get; private set; }

    /// <summary>Where the value of Host is.</summary>
    public Range Host { get; private set; }

    /// <summary>How many of <see cref="Field"/> are passed on.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the head, the empty line included.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of head and body.</summary>
    public int TotalLength => Length + (int)Math.Max(ContentLength, 0);

    /// <summary>The value of Content-Length; -1 without.</summary>
    public long ContentLength { get; private set; }

    /// <summary>Whether the client wants the connection closed after the answer.</summary>
    public bool IsLast { get; private set; }

    /// <summary>The path, as routes are looked up by; until another head is read on this thread.</summary>
    public ReadOnlySpan<char> Path => _chars.AsSpan(0, PathLength);

    /// <summary>The value of Host; valid as long as <see cref="Path"/> is.</summary>
    public ReadOnlySpan<char> HostName => _chars.AsSpan(PathLength, HostLength);

    private int PathLength { get; set; }

    private int HostLength { get; set; }

    /// <summary>Where a field that is passed on as it is has its line, without CR LF.</summary>
    public Range Field(int index) => _fields[index];

    /// <summary>Reads the head that bytes begin with; false when it is not plain, or not all there.</summary>
    /// <param name="bytes">What has come.</param>
    /// <param name="maxFields">The most fields it may have.</param>
    /// <param name="maxLength">The most bytes it may have.</param>
    public bool TryRead(ReadOnlySpan<byte> bytes, int maxFields, int maxLength)
    {
        var mostFields = Math.Min(maxFields, maxLength / ShortestField);
        Count = 0;
        ContentLength = -1;
        IsLast = false;
        HostLength = -1;
        _hasCookie = false;
        var end = bytes[..Math.Min(bytes.Length, maxLength)].IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }

        Length = end + 4;
        var head = bytes[..(end + 2)];
        var lineEnd = head.IndexOf("\r\n"u8);
        if (!TryReadRequestLine(head[..lineEnd], maxLength))
        {
            return false;
        }

        var lines = 0;
        for (var start = lineEnd + 2; start < head.Length; lines++)
        {
            var length = head[start..].IndexOf((byte)'\r');
            if (lines == mostFields || length < 0 || head[start + length + 1] != (byte)'\n' || !TryReadField(head, start, length))
            {
                return false;
            }

            start += length + 2;
        }

        return HostLength > 0 && IsBodyKnown();
    }

    private bool TryReadRequestLine(ReadOnlySpan<byte> line, int maxLength)
    {
        var space = line.IndexOf((byte)' ');
        if (space <= 0 || MethodOf(line[..space]) is not { } method || !line.EndsWith(" HTTP/1.1"u8))
        {
            return false;
        }

        Method = method;
        var end = line.Length - " HTTP/1.1".Length;
        if (end <= space + 1 || line[space + 1] != (byte)'/')
        {
            return false;
        }

        Target = (space + 1)..end;
        var target = line[Target];
        var query = target.IndexOf((byte)'?');
        var path = query < 0 ? target : target[..query];
        if (path.ContainsAnyExcept(_path) || path.IndexOf("/."u8) >= 0 || path.IndexOf("//"u8) >= 0
            || (query >= 0 && (target[query..].ContainsAnyExceptInRange((byte)'!', (byte)'~') || target[query..].Contains((byte)'#'))))
        {
            return false;
        }

        if (_chars is null || _chars.Length < maxLength)
        {
            _chars = new char[maxLength];
        }

        PathLength = Encoding.Latin1.GetChars(path, _chars);
        return true;
    }

    private static string? MethodOf(ReadOnlySpan<byte> method) => method switch
    {
        _ when method.SequenceEqual("GET"u8) => HttpMethods.Get,
        _ when method.SequenceEqual("HEAD"u8) => HttpMethods.Head,
        _ when method.SequenceEqual("POST"u8) => HttpMethods.Post,
        _ when method.SequenceEqual("PUT"u8) => HttpMethods.Put,
        _ when method.SequenceEqual("DELETE"u8) => HttpMethods.Delete,
        _ when method.SequenceEqual("PATCH"u8) => HttpMethods.Patch,
        _ when method.SequenceEqual("OPTIONS"u8) => HttpMethods.Options,
        _ => null,
    };

    private bool TryReadField(ReadOnlySpan<byte> head, int start, int length)
    {
        var line = head.Slice(start, length);
        if (!FieldLine.TrySplit(line, out var nameLength, out var value))
        {
            return false;
        }

        switch (PlainField.KindOf(line[..nameLength]))
        {
            case PlainFieldKind.Ordinary:
                return TryAdd(start..(start + length));
            case PlainFieldKind.Dropped:
                return true;
            case PlainFieldKind.Host:
                return TryReadHost(line[value], start + value.Start.Value);
            case PlainFieldKind.ContentLength:
                return TryReadLength(line[value]);
            case PlainFieldKind.Connection:
                return TryReadConnection(line[value]);
            case PlainFieldKind.Cookie:
                return TryAddCookie(line, start);
            case PlainFieldKind.ContentType:
                return !StartsWith(line[value], "application/grpc"u8) && TryAdd(start..(start + length));
            default:
                return false;
        }
    }

    private bool TryAdd(Range line)
    {
        if (Count == _fields.Length)
        {
            Array.Resize(ref _fields, 2 * Count);
        }

        _fields[Count++] = line;
        return true;
    }

    private bool TryAddCookie(ReadOnlySpan<byte> line, int start)
    {
        // The session at the management listener is taken out elsewhere, and there two lines are made one.
        if (_hasCookie || line.IndexOf(SessionCookie.NameBytes) >= 0)
        {
            return false;
        }

        _hasCookie = true;
        return TryAdd(start..(start + line.Length));
    }

    private bool TryReadHost(ReadOnlySpan<byte> value, int start)
    {
        if (HostLength >= 0 || value.IsEmpty || value.ContainsAnyExcept(_host) || value.Count((byte)':') > 1
            || value[0] == (byte)':' || value[^1] == (byte)':')
        {
            return false;
        }

        var colon = value.IndexOf((byte)':');
        if (colon >= 0 && value[(colon + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }

        Host = start..(start + value.Length);
        HostLength = Encoding.Latin1.GetChars(value, _chars.AsSpan(PathLength));
        return true;
    }

    private bool TryReadLength(ReadOnlySpan<byte> value)
    {
        if (ContentLength >= 0 || value.IsEmpty || value.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || !Utf8Parser.TryParse(value, out long length, out var used) || used != value.Length)
        {
            return false;
        }

        ContentLength = length;
        return true;
    }

    private bool TryReadConnection(ReadOnlySpan<byte> value)
    {
        if (Ascii.EqualsIgnoreCase(value, "close"u8))
        {
            IsLast = true;
            return true;
        }

        return Ascii.EqualsIgnoreCase(value, "keep-alive"u8);
    }

    /// <summary>Whether it is beyond doubt how long the body is (RFC 9110, section 8.6).</summary>
    private bool IsBodyKnown() => ContentLength >= 0
        ? ContentLength == 0 || !(HttpMethods.IsGet(Method) || HttpMethods.IsHead(Method))
        : !(HttpMethods.IsPost(Method) || HttpMethods.IsPut(Method) || HttpMethods.IsPatch(Method));

    private static bool StartsWith(ReadOnlySpan<byte> value, ReadOnlySpan<byte> start) =>
        value.Length >= start.Length && Ascii.EqualsIgnoreCase(value[..start.Length], start);
}
