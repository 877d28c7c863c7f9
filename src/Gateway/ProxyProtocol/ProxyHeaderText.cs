using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.ProxyProtocol;

/// <summary>Version 1 of the header: one line of text.</summary>
/// <remarks>
/// <c>PROXY TCP4 192.0.2.1 198.51.100.7 56324 443</c> and CR LF, 107 bytes at most; <c>TCP6</c> for IPv6; after
/// <c>UNKNOWN</c> the rest of the line is ignored. Single blanks, no other form of an address (section 2.1).
/// </remarks>
internal static class ProxyHeaderText
{
    /// <summary>The longest line, its end included.</summary>
    public const int MaxLength = 107;

    public static ReadOnlySpan<byte> Prefix => "PROXY "u8;

    public static ProxyHeaderResult Read(ReadOnlySpan<byte> bytes, out ProxyHeader header, out int length)
    {
        header = default;
        length = 0;
        if (!ProxyHeaderReader.BeginsAs(bytes, Prefix))
        {
            return ProxyHeaderResult.Malformed;
        }

        var line = bytes[..Math.Min(bytes.Length, MaxLength)];
        var end = line.IndexOf((byte)'\n');
        if (end < 0)
        {
            return bytes.Length < MaxLength ? ProxyHeaderResult.Incomplete : ProxyHeaderResult.Malformed;
        }

        if (line[end - 1] != '\r' || !TryRead(line[Prefix.Length..(end - 1)], out header))
        {
            return ProxyHeaderResult.Malformed;
        }

        length = end + 1;
        return ProxyHeaderResult.Complete;
    }

    /// <summary>Writes the line; returns its length. The addresses are of one family.</summary>
    public static int Write(Span<byte> target, IPEndPoint source, IPEndPoint destination)
    {
        var family = source.AddressFamily == AddressFamily.InterNetwork ? "TCP4" : "TCP6";
        var line = string.Create(CultureInfo.InvariantCulture,
            $"PROXY {family} {Bare(source)} {Bare(destination)} {source.Port} {destination.Port}\r\n");
        return Encoding.ASCII.GetBytes(line, target);
    }

    private static bool TryRead(ReadOnlySpan<byte> rest, out ProxyHeader header)
    {
        header = default;
        Span<char> text = stackalloc char[MaxLength];
        text = text[..Encoding.Latin1.GetChars(rest, text)];
        Span<Range> words = stackalloc Range[6];
        var count = ((ReadOnlySpan<char>)text).Split(words, ' ');
        var family = text[words[0]];
        if (family is "UNKNOWN")
        {
            return true;
        }

        if (count != 5 || family is not ("TCP4" or "TCP6")
            || !TryReadAddress(text[words[1]], family[3] == '6', out var source)
            || !TryReadAddress(text[words[2]], family[3] == '6', out var destination)
            || !TryReadPort(text[words[3]], out var sourcePort)
            || !TryReadPort(text[words[4]], out var destinationPort))
        {
            return false;
        }

        header = new ProxyHeader(
            new IPEndPoint(source, sourcePort), new IPEndPoint(destination, destinationPort), default);
        return true;
    }

    /// <summary>.NET takes many more forms for an address, such as 1 for 0.0.0.1; those that the protocol knows hold
    /// nothing but digits and separators.</summary>
    private static bool TryReadAddress(ReadOnlySpan<char> text, bool isIPv6, out IPAddress address)
    {
        address = IPAddress.None;
        if (text.ContainsAnyExcept(isIPv6 ? "0123456789abcdefABCDEF:." : "0123456789.")
            || (isIPv6 ? !text.Contains(':') : text.Count('.') != 3)
            || !IPAddress.TryParse(text, out var parsed))
        {
            return false;
        }

        address = parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed;
        return true;
    }

    private static bool TryReadPort(ReadOnlySpan<char> text, out ushort port) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port)
        && (text.Length == 1 || text[0] != '0');

    // Without the zone of a link-local address, which means nothing elsewhere.
    private static IPAddress Bare(IPEndPoint endPoint) =>
        endPoint.AddressFamily == AddressFamily.InterNetworkV6 && endPoint.Address.ScopeId != 0
            ? new IPAddress(endPoint.Address.GetAddressBytes())
            : endPoint.Address;
}
