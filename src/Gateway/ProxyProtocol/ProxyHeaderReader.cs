namespace Gateway.ProxyProtocol;

/// <summary>Reads the header of either version from the beginning of a stream. Pure; takes any bytes.</summary>
/// <remarks>
/// "The PROXY protocol", Willy Tarreau, versions 1 and 2 (haproxy.org, proxy-protocol.txt). The two are told apart by
/// their first bytes: <c>PROXY </c>, or twelve bytes that no other protocol begins with.
/// </remarks>
internal static class ProxyHeaderReader
{
    /// <summary>The longest header that is taken, in bytes. Version 2 could say 65 551, which nobody sends.</summary>
    public const int MaxLength = 16 * 1024;

    /// <param name="bytes">The stream as far as it has come.</param>
    /// <param name="header">What it says, when complete.</param>
    /// <param name="length">How many bytes it takes, when complete.</param>
    public static ProxyHeaderResult Read(ReadOnlySpan<byte> bytes, out ProxyHeader header, out int length)
    {
        header = default;
        length = 0;
        if (bytes.IsEmpty)
        {
            return ProxyHeaderResult.Incomplete;
        }

        return bytes[0] == ProxyHeaderText.Prefix[0]
            ? ProxyHeaderText.Read(bytes, out header, out length)
            : ProxyHeaderBinary.Read(bytes, out header, out length);
    }

    /// <summary>Whether the bytes begin as the pattern does, as far as they go.</summary>
    internal static bool BeginsAs(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> pattern) =>
        bytes.Length >= pattern.Length ? bytes.StartsWith(pattern) : pattern.StartsWith(bytes);
}
