using System.Globalization;
using System.Net;

namespace Gateway.Configuration;

/// <summary>An address and port to listen on, as configuration writes it: <c>0.0.0.0:25</c>, <c>[::1]:25</c>.</summary>
internal static class ListenAddress
{
    /// <summary>The endpoint, or null. .NET's own parser would read '25' as the address 0.0.0.25, and '::1:25' as an
    /// address without a port; here both parts are demanded. An IPv4 address in its IPv6 form is refused: no socket
    /// that is for IPv6 alone can have it.</summary>
    public static IPEndPoint? Parse(string? text)
    {
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon < 0
            || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        var host = text![..colon];
        var isBracketed = host.StartsWith('[') && host.EndsWith(']');
        return IPAddress.TryParse(isBracketed ? host[1..^1] : host, out var address)
            && isBracketed == (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6)
            && (isBracketed || host.Count(c => c == '.') == 3)
            && !address.IsIPv4MappedToIPv6
                ? new IPEndPoint(address, port)
                : null;
    }
}
