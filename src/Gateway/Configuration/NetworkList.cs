using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Networks as configuration writes them: <c>10.0.0.0/8</c>, <c>2001:db8::/32</c>, or one address.</summary>
internal static class NetworkList
{
    /// <summary>The network, or null. Bits beyond the prefix must be nought, so that a slip does not trust more than was
    /// meant.</summary>
    public static IPNetwork? Parse(string? text)
    {
        if (text is null || text.Contains('%'))
        {
            return null;
        }

        if (!text.Contains('/'))
        {
            return IPAddress.TryParse(text, out var address) && IsWritten(text, address)
                ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : null;
        }

        var written = text[..text.IndexOf('/', StringComparison.Ordinal)];
        return IPNetwork.TryParse(text, out var network) && IPAddress.TryParse(written, out var first)
            && first.Equals(network.BaseAddress) && IsWritten(written, first) ? network : null;
    }

    /// <summary>One address, or null.</summary>
    public static IPAddress? ParseAddress(string? text) =>
        text is not null && IPAddress.TryParse(text, out var address) && IsWritten(text, address) ? address : null;

    /// <summary>The networks of a list such as <c>From</c>; wrong ones have been reported by the schema.</summary>
    public static ValueList<IPNetwork> Read(Section list) => [.. Parse(list.Elements.Select(element => element.Value))];

    /// <summary>All that are networks among these.</summary>
    public static List<IPNetwork> Parse(IEnumerable<string?> texts)
    {
        var networks = new List<IPNetwork>();
        foreach (var text in texts)
        {
            if (Parse(text) is { } network)
            {
                networks.Add(network);
            }
        }

        return networks;
    }

    // .NET reads 10 as 0.0.0.10.
    private static bool IsWritten(string text, IPAddress address) =>
        !address.IsIPv4MappedToIPv6
        && (address.AddressFamily == AddressFamily.InterNetworkV6 || text.Count(c => c == '.') == 3);
}
