using System.Net;

namespace Gateway.Import.Haproxy;

/// <summary>Reads the addresses of <c>bind</c> lines, and of <c>listen NAME ADDRESS</c>.</summary>
internal static class BindAddress
{
    /// <summary>Each port of a range is a listener; more than this are a packet filter's work.</summary>
    private const int MostPorts = 64;

    /// <summary>The ports a proxy listens on.</summary>
    public static IEnumerable<int> Ports(Proxy proxy) => proxy.Own("bind").SelectMany(Parse).Select(endPoint => endPoint.Port).Distinct();

    /// <summary>The addresses of one line; what is none is left out.</summary>
    public static IReadOnlyList<IPEndPoint> Parse(Statement bind) => Parse(bind, out _);

    /// <param name="bind">The line.</param>
    /// <param name="wrong">A part that is no address and port, or null.</param>
    public static IReadOnlyList<IPEndPoint> Parse(Statement bind, out string? wrong)
    {
        var all = new List<IPEndPoint>();
        wrong = null;
        foreach (var part in bind.Value.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var bare = part.StartsWith("ipv4@", StringComparison.Ordinal) || part.StartsWith("ipv6@", StringComparison.Ordinal) ? part[5..] : part;
            var colon = bare.LastIndexOf(':');
            var address = colon < 0 ? null
                : bare[..colon] is "" or "*" ? part.StartsWith("ipv6@", StringComparison.Ordinal) ? IPAddress.IPv6Any : IPAddress.Any
                : Words.Address(bare[..colon]);
            var range = colon < 0 ? [] : bare[(colon + 1)..].Split('-').Select(Words.Port).ToList();
            if (address is null || range is not [{ } first, ..] || range[^1] is not { } last || last < first || last - first >= MostPorts || range.Count > 2)
            {
                wrong = part;
                continue;
            }

            all.AddRange(Enumerable.Range(first, last - first + 1).Select(port => new IPEndPoint(address, port)));
        }

        if (bind.Value.Length == 0)
        {
            wrong = "";
        }

        return all;
    }
}
