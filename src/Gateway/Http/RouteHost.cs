using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Http;

/// <summary>One of the <c>Hosts</c> of a route, taken apart as ASP.NET Core's routing does it.</summary>
/// <param name="Name">The name, <c>*.</c> in front of one, or <c>*</c> for every name.</param>
/// <param name="Port">The port; null is every port.</param>
internal readonly record struct RouteHost(string Name, int? Port)
{
    /// <summary>The host, or null when routing could not read it: it would then answer no request at all.</summary>
    public static RouteHost? Parse(string text)
    {
        var parts = text.Split(':');
        return parts is [{ Length: > 0 }] or [{ Length: > 0 }, "*"] ? new RouteHost(parts[0], null)
            : parts is [{ Length: > 0 }, _] && int.TryParse(parts[1], CultureInfo.InvariantCulture, out var port) ? new RouteHost(parts[0], port)
            : null;
    }

    /// <summary>What is wrong with a host that <see cref="Parse"/> does not read, and what to write instead.</summary>
    public static (string Rule, string Remedy) Fault(string text)
    {
        var end = text.IndexOf(']', StringComparison.Ordinal);
        var address = text.StartsWith('[') && end > 0 ? text[1..end] : text;
        return IPAddress.TryParse(address, out var parsed) && parsed.AddressFamily == AddressFamily.InterNetworkV6
            ? ("is an IPv6 address, which the routing of ASP.NET Core cannot compare with a host",
                $"Match the header instead: \"Headers\": [ {{ \"Name\": \"Host\", \"Values\": [ \"[{address}]\" ], \"Mode\": \"HeaderPrefix\" }} ].")
            : ("is neither a host nor a host with a port",
                "Write a name such as www.example.com, *.example.com or www.example.com:8080, without http:// and path.");
    }
}
