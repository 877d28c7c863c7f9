using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gateway.Probing.Answers;

/// <summary>Bytes written in hexadecimal, in which <c>?</c> stands for a half byte that does not matter.</summary>
/// <remarks>Blanks between bytes are for the eye. <example><c>05 00</c>; <c>16 03 ?? ?? ?? 02</c>; <c>4?</c> is any byte
/// from 0x40 to 0x4f.</example></remarks>
internal sealed class HexPattern
{
    private readonly byte[] _values;
    private readonly byte[] _masks;

    private HexPattern(byte[] values, byte[] masks) => (_values, _masks) = (values, masks);

    public int Length => _values.Length;

    /// <summary>Whether every half byte matters.</summary>
    public bool IsExact => !_masks.AsSpan().ContainsAnyExcept((byte)0xff);

    /// <summary>The bytes themselves, with 0 for what does not matter.</summary>
    public byte[] ToBytes() => [.. _values];

    /// <summary>How many bytes at the beginning of <paramref name="answer"/> fit.</summary>
    public int CommonPrefixLength(ReadOnlySpan<byte> answer)
    {
        var length = Math.Min(answer.Length, _values.Length);
        for (var i = 0; i < length; i++)
        {
            if ((answer[i] & _masks[i]) != _values[i])
            {
                return i;
            }
        }

        return length;
    }

    /// <exception cref="FormatException">The text is no pattern.</exception>
    public static HexPattern Parse(string text) =>
        TryParse(text, out var pattern, out var error) ? pattern : throw new FormatException(error);

    /// <summary>Reads a pattern; <paramref name="error"/> completes a sentence that begins with the text.</summary>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out HexPattern? pattern, [NotNullWhen(false)] out string? error)
    {
        pattern = null;
        var digits = text.Where(c => c is not (' ' or '\t')).ToArray();
        error = digits.Length % 2 != 0 ? "has half a byte too many"
            : Array.Find(digits, c => c != '?' && !char.IsAsciiHexDigit(c)) is not '\0' and var wrong
                ? $"holds '{wrong}', which is no hexadecimal digit"
            : null;
        if (error is not null)
        {
            return false;
        }

        var values = new byte[digits.Length / 2];
        var masks = new byte[digits.Length / 2];
        for (var i = 0; i < values.Length; i++)
        {
            var (high, low) = (digits[2 * i], digits[(2 * i) + 1]);
            values[i] = (byte)((Value(high) << 4) | Value(low));
            masks[i] = (byte)((high == '?' ? 0 : 0xf0) | (low == '?' ? 0 : 0x0f));
        }

        pattern = new HexPattern(values, masks);
        return true;
    }

    private static int Value(char digit) => digit == '?' ? 0 : int.Parse([digit], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
