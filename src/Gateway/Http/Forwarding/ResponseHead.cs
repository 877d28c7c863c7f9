using System.Globalization;
using System.Text;

namespace Gateway.Http.Forwarding;

/// <summary>
/// The status line and header section of an answer, read strictly from bytes as they come. One object serves all
/// answers of a connection.
/// </summary>
/// <remarks>
/// RFC 9112, sections 4 to 6. Lines end in CR LF and nothing else. A length that is given twice, a length beside a
/// transfer coding, a coding other than <c>chunked</c>, and a coding in HTTP/1.0 are refused: two readers could disagree
/// about where such an answer ends, and the next one would begin in a place that somebody else chose.
/// </remarks>
internal sealed class ResponseHead
{
    /// <summary>Bytes a head may have.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>Fields a head may have.</summary>
    public const int MaxFields = 200;

    private const int StatusStart = 9;
    private const int MaxStatusLine = 1024;

    private readonly List<ResponseField> _fields = [];
    private byte[] _reasonBytes = [];
    private int _position;
    private bool _hasStatusLine;
    private bool _isHttp11;
    private bool _hasTransferEncoding;
    private bool _hasClose;
    private bool _hasKeepAlive;

    public int Status { get; private set; }

    /// <summary>The text after the status; empty when there is none.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>How many of <see cref="Field"/> this answer has.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the head, once it is complete.</summary>
    public int Length => _position;

    /// <summary>The value of Content-Length; -1 without.</summary>
    public long ContentLength { get; private set; }

    public bool IsChunked { get; private set; }

    /// <summary>Whether the destination says that the connection can carry another request.</summary>
    public bool IsPersistent => _isHttp11 ? !_hasClose : _hasKeepAlive && !_hasClose;

    /// <summary>What was wrong, after <see cref="ParseStatus.Bad"/>.</summary>
    public string Fault { get; private set; } = "";

    public ResponseField Field(int index) => _fields[index];

    /// <summary>Forgets the last answer.</summary>
    public void Reset()
    {
        _position = 0;
        _hasStatusLine = _hasTransferEncoding = _hasClose = _hasKeepAlive = false;
        Count = 0;
        ContentLength = -1;
        IsChunked = false;
        Fault = "";
    }

    /// <summary>Goes on reading.</summary>
    /// <param name="bytes">All that came since <see cref="Reset"/>, what was given before included.</param>
    public ParseStatus Read(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var rest = bytes[_position..];
            var end = rest.IndexOf((byte)'\n');
            if (end < 0)
            {
                return rest.Length > (_hasStatusLine ? MaxLength : MaxStatusLine) || bytes.Length >= MaxLength
                    ? Bad("the head is too long")
                    : ParseStatus.NeedMore;
            }

            if (end == 0 || rest[end - 1] != (byte)'\r')
            {
                return Bad("a line does not end in CR LF");
            }

            var line = rest[..(end - 1)];
            _position += end + 1;
            if (_position > MaxLength)
            {
                return Bad("the head is too long");
            }

            if (line.IsEmpty && _hasStatusLine)
            {
                return _hasTransferEncoding && ContentLength >= 0
                    ? Bad("both Content-Length and Transfer-Encoding")
                    : ParseStatus.Done;
            }

            if (!(_hasStatusLine ? TryReadField(line) : TryReadStatusLine(line)))
            {
                return ParseStatus.Bad;
            }
        }
    }

    /// <summary>Whether the Connection header names this field.</summary>
    public bool IsNamedInConnection(string name)
    {
        for (var i = 0; i < Count; i++)
        {
            if (_fields[i].Kind == ResponseFieldKind.Connection && Contains(_fields[i].Value, name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The answer is refused for what it is, although it is well formed.</summary>
    public void Refuse(string fault) => Fault = fault;

    private ParseStatus Bad(string fault)
    {
        Fault = fault;
        return ParseStatus.Bad;
    }

    private bool TryReadStatusLine(ReadOnlySpan<byte> line)
    {
        if (line.Length < StatusStart + 3
            || !line.StartsWith("HTTP/1."u8)
            || line[7] is not ((byte)'0' or (byte)'1')
            || line[8] != (byte)' '
            || !TryReadStatus(line.Slice(StatusStart, 3), out var status))
        {
            Fault = "the status line is not one of HTTP/1.1 or HTTP/1.0";
            return false;
        }

        var reason = line[(StatusStart + 3)..];
        if (!reason.IsEmpty && (reason[0] != (byte)' ' || !FieldLine.IsText(reason)))
        {
            Fault = "a reason phrase that is not text";
            return false;
        }

        _isHttp11 = line[7] == (byte)'1';
        _hasStatusLine = true;
        Status = status;
        ReadReason(reason.IsEmpty ? reason : reason[1..]);
        return true;
    }

    private static bool TryReadStatus(ReadOnlySpan<byte> digits, out int status)
    {
        status = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            status = (status * 10) + digit - '0';
        }

        return status >= 100;
    }

    private void ReadReason(ReadOnlySpan<byte> reason)
    {
        if (!reason.SequenceEqual(_reasonBytes))
        {
            _reasonBytes = reason.ToArray();
            Reason = Encoding.Latin1.GetString(reason);
        }
    }

    private bool TryReadField(ReadOnlySpan<byte> line)
    {
        if (Count == MaxFields)
        {
            Fault = "too many header fields";
            return false;
        }

        if (Count == _fields.Count)
        {
            _fields.Add(new ResponseField());
        }

        var field = _fields[Count];
        if (!field.TryRead(line))
        {
            Fault = "a header line that is not allowed";
            return false;
        }

        Count++;
        return field.Kind switch
        {
            ResponseFieldKind.ContentLength => TryReadLength(field.Value),
            ResponseFieldKind.TransferEncoding => TryReadCoding(field.Value),
            ResponseFieldKind.Connection => ReadConnection(field.Value),
            _ => true,
        };
    }

    private bool TryReadLength(string value)
    {
        if (ContentLength >= 0
            || !long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            Fault = "a Content-Length that is not one number";
            return false;
        }

        ContentLength = length;
        return true;
    }

    private bool TryReadCoding(string value)
    {
        if (_hasTransferEncoding || !_isHttp11 || !value.Equals("chunked", StringComparison.OrdinalIgnoreCase))
        {
            Fault = "a Transfer-Encoding other than one chunked in HTTP/1.1";
            return false;
        }

        _hasTransferEncoding = IsChunked = true;
        return true;
    }

    private bool ReadConnection(string value)
    {
        _hasClose |= Contains(value, "close");
        _hasKeepAlive |= Contains(value, "keep-alive");
        return true;
    }

    private static bool Contains(string list, string name)
    {
        foreach (var part in list.AsSpan().Split(','))
        {
            if (list.AsSpan(part).Trim(" \t").Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
