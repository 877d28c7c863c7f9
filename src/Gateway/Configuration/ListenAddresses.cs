using System.Globalization;
using System.Net;

namespace Gateway.Configuration;

/// <summary>What a virtual server may listen on: an address and port, <c>*:25</c> for all addresses of both families, and
/// a range of ports, <c>0.0.0.0:5000-5009</c>.</summary>
internal static class ListenAddresses
{
    /// <summary>The most ports in a range: each takes a socket on every loop.</summary>
    public const int MostPorts = 1000;

    /// <summary>Every address and port meant, or none when the text is wrong.</summary>
    public static IReadOnlyList<IPEndPoint> Parse(string? text)
    {
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon < 0 || !TryReadPorts(text.AsSpan(colon + 1), out var first, out var last))
        {
            return [];
        }

        var host = text![..colon];
        string[] hosts = host == "*" ? ["0.0.0.0", "[::]"] : [host];
        var ends = new List<IPEndPoint>();
        foreach (var one in hosts)
        {
            if (ListenAddress.Parse($"{one}:{first}") is not { } end)
            {
                return [];
            }

            for (var port = first; port <= last; port++)
            {
                ends.Add(new IPEndPoint(end.Address, port));
            }
        }

        return ends;
    }

    private static bool TryReadPorts(ReadOnlySpan<char> text, out int first, out int last)
    {
        var dash = text.IndexOf('-');
        last = 0;
        if (!TryReadPort(dash < 0 ? text : text[..dash], out first))
        {
            return false;
        }

        last = first;
        return dash < 0 || (TryReadPort(text[(dash + 1)..], out last) && first > 0 && last > first && last - first < MostPorts);
    }

    private static bool TryReadPort(ReadOnlySpan<char> text, out int port)
    {
        var isPort = ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var read);
        port = read;
        return isPort;
    }
}
