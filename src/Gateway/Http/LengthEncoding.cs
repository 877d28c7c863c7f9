using System.Text;

namespace Gateway.Http;

/// <summary>How the value of <c>Content-Length</c> is read: digits and nothing else (RFC 9110, section 8.6).</summary>
/// <remarks>Kestrel keeps the number only, and reads it as .NET reads numbers, where <c>+3</c> is one; and a value longer than any
/// number breaks off the connection without an answer. Of what is no length it gets nothing here, which it answers with 400.</remarks>
internal sealed class LengthEncoding : ASCIIEncoding
{
    private const int MostDigits = 19;

    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        if (bytes.Length > MostDigits)
        {
            // Zeros before it are allowed, however many.
            bytes = bytes[..^MostDigits].ContainsAnyExcept((byte)'0') ? [] : bytes[^MostDigits..];
        }

        return bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9') ? 0 : base.GetChars(bytes, chars);
    }
}
