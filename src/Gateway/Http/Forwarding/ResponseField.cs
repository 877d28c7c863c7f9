using System.Text;
using Microsoft.Net.Http.Headers;

namespace Gateway.Http.Forwarding;

/// <summary>One header field of an answer, remembered with the bytes it was read from.</summary>
/// <remarks>A destination sends nearly the same head each time; a line that is byte for byte the one before needs neither
/// parsing nor new strings.</remarks>
internal sealed class ResponseField
{
    // Longer lines, such as cookies, are seldom the same again.
    private const int MostRemembered = 256;

    private static readonly Dictionary<string, string> _knownNames = new[]
    {
        HeaderNames.AcceptRanges, HeaderNames.AccessControlAllowOrigin, HeaderNames.Age, HeaderNames.Allow,
        HeaderNames.CacheControl, HeaderNames.Connection, HeaderNames.ContentEncoding, HeaderNames.ContentLanguage,
        HeaderNames.ContentLength, HeaderNames.ContentRange, HeaderNames.ContentSecurityPolicy, HeaderNames.ContentType,
        HeaderNames.Date, HeaderNames.ETag, HeaderNames.Expires, HeaderNames.KeepAlive, HeaderNames.LastModified,
        HeaderNames.Location, HeaderNames.Server, HeaderNames.SetCookie, HeaderNames.StrictTransportSecurity,
        HeaderNames.TransferEncoding, HeaderNames.Vary, HeaderNames.Via, HeaderNames.XContentTypeOptions,
        HeaderNames.XFrameOptions, HeaderNames.XPoweredBy,
    }.ToDictionary(name => name, StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _known =
        _knownNames.GetAlternateLookup<ReadOnlySpan<char>>();

    private byte[] _line = [];
    private int _lineLength = -1;

    public string Name { get; private set; } = "";

    public string Value { get; private set; } = "";

    public ResponseFieldKind Kind { get; private set; }

    /// <summary>Takes a line in; false when it is not allowed.</summary>
    public bool TryRead(ReadOnlySpan<byte> line)
    {
        if (line.Length == _lineLength && line.SequenceEqual(_line.AsSpan(0, _lineLength)))
        {
            return true;
        }

        _lineLength = -1;
        if (!FieldLine.TrySplit(line, out var nameLength, out var value))
        {
            return false;
        }

        Name = NameOf(line[..nameLength]);
        Value = Encoding.Latin1.GetString(line[value]);
        Kind = KindOf(Name);
        Remember(line);
        return true;
    }

    private static string NameOf(ReadOnlySpan<byte> name)
    {
        Span<char> chars = stackalloc char[64];
        if (name.Length > chars.Length)
        {
            return Encoding.Latin1.GetString(name);
        }

        chars = chars[..Encoding.Latin1.GetChars(name, chars)];
        return _known.TryGetValue(chars, out var known) ? known : new string(chars);
    }

    private static ResponseFieldKind KindOf(string name) =>
        Is(name, HeaderNames.ContentLength) ? ResponseFieldKind.ContentLength
        : Is(name, HeaderNames.TransferEncoding) ? ResponseFieldKind.TransferEncoding
        : Is(name, HeaderNames.Connection) ? ResponseFieldKind.Connection
        : HopByHop.IsDropped(name) ? ResponseFieldKind.Dropped
        : ResponseFieldKind.Ordinary;

    private static bool Is(string name, string known) => name.Equals(known, StringComparison.OrdinalIgnoreCase);

    private void Remember(ReadOnlySpan<byte> line)
    {
        if (line.Length > MostRemembered)
        {
            return;
        }

        if (_line.Length < line.Length)
        {
            _line = new byte[Math.Min(line.Length + 32, MostRemembered)];
        }

        line.CopyTo(_line);
        _lineLength = line.Length;
    }
}

/// <summary>What a field means to a proxy.</summary>
internal enum ResponseFieldKind
{
    /// <summary>It is passed on.</summary>
    Ordinary,

    /// <summary>How many bytes the body has.</summary>
    ContentLength,

    /// <summary>How the body is framed.</summary>
    TransferEncoding,

    /// <summary>Whether the connection may be used again.</summary>
    Connection,

    /// <summary>It is for this hop only.</summary>
    Dropped,
}
