using System.Buffers;

namespace Gateway.Http.Forwarding;

/// <summary>One line of a header section, without its line end, and what it may hold.</summary>
/// <remarks>
/// RFC 9110, section 5.5 and RFC 9112, section 5: a name of token characters, a colon at once, a value of visible characters,
/// spaces, tabs and bytes from 0x80. Whatever two programs could read in two ways is refused: space before the colon, a
/// line that continues the one before (obs-fold), a bare CR, NUL and other control characters.
/// </remarks>
internal static class FieldLine
{
    private static readonly SearchValues<byte> _token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<char> _tokenChars =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<byte> _notInValue = SearchValues.Create(
    [
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
        0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x7f,
    ]);

    /// <summary>Whether this may be the name of a header or a method.</summary>
    public static bool IsToken(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExcept(_tokenChars);

    /// <summary>Whether text, such as a reason phrase, has no control character.</summary>
    public static bool IsText(ReadOnlySpan<byte> text) => !text.ContainsAny(_notInValue);

    /// <summary>Splits a line; false when it is not allowed.</summary>
    /// <param name="line">The line without CR LF.</param>
    /// <param name="nameLength">Bytes of the name, from the start.</param>
    /// <param name="value">Where the value is, without the white space around it.</param>
    public static bool TrySplit(ReadOnlySpan<byte> line, out int nameLength, out Range value)
    {
        value = default;
        nameLength = line.IndexOf((byte)':');
        if (nameLength <= 0 || line[..nameLength].ContainsAnyExcept(_token))
        {
            return false;
        }

        var start = nameLength + 1;
        var end = line.Length;
        while (start < end && line[start] is (byte)' ' or (byte)'\t')
        {
            start++;
        }

        while (end > start && line[end - 1] is (byte)' ' or (byte)'\t')
        {
            end--;
        }

        value = start..end;
        return IsText(line[start..end]);
    }
}
