using System.Globalization;
using System.Text;

namespace Gateway.Tests.Kernel;

/// <summary>Configurations for a bed.</summary>
internal static class BedJson
{
    public const int Tcp = 80;
    public const int Udp = 5353;

    /// <summary>One TCP and, if <paramref name="udp"/>, one UDP virtual server over both families of the servers.</summary>
    /// <param name="forwarding">How.</param>
    /// <param name="scheduler">By which scheduler.</param>
    /// <param name="weights">The weight of each server.</param>
    /// <param name="cluster">Further keys of the clusters, each with a comma after it.</param>
    /// <param name="server">Further keys of the virtual servers, each with a comma before it.</param>
    /// <param name="udp">Whether there is a UDP virtual server.</param>
    /// <param name="families">The families.</param>
    /// <param name="more">Further sections, each with a comma after it.</param>
    /// <param name="datagrams">As <paramref name="cluster"/>, of the UDP virtual server.</param>
    public static string Of(
        string forwarding, string scheduler, int[] weights, string cluster = "", string server = "", bool udp = false,
        string families = "46", string more = "", string datagrams = "")
    {
        var net = forwarding == "nat" ? "78" : "77";
        var destinations = new StringBuilder();
        for (var i = 1; i <= weights.Length; i++)
        {
            foreach (var family in families)
            {
                var address = family == '4' ? $"10.{net}.0.{10 + i}" : $"[fd{net}::{10 + i}]";
                destinations.Append(CultureInfo.InvariantCulture,
                    $$"""{{(destinations.Length > 0 ? ", " : "")}}"r{{i}}{{(family == '6' ? "-6" : "")}}": { "Address": "SCHEME://{{address}}:PORT", "Weight": {{weights[i - 1]}} }""");
            }
        }

        return $$"""
            {
              {{more}}
              "ReverseProxy": { "Clusters": { {{Cluster("web", "tcp", Tcp)}}{{(udp ? ", " + Cluster("dns", "udp", Udp) : "")}} } },
              "VirtualServers": { {{Server("web", "tcp", Tcp)}}{{(udp ? ", " + Server("dns", "udp", Udp) : "")}} }
            }
            """;

        string Cluster(string id, string scheme, int port) => $$"""
            "{{id}}": { "LoadBalancingPolicy": "{{scheduler}}", {{(scheme == "tcp" ? cluster : datagrams)}} "Destinations": { {{destinations.ToString()
                .Replace("SCHEME", scheme, StringComparison.Ordinal).Replace("PORT", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)}} } }
            """;

        string Server(string id, string protocol, int port)
        {
            var listen = string.Join(", ", families.Select(family => family == '4' ? $"\"10.77.0.100:{port}\"" : $"\"[fd77::100]:{port}\""));
            return $$"""
                "{{id}}": { "Listen": [ {{listen}} ], "Protocol": "{{protocol}}", "ClusterId": "{{id}}", "Forwarding": "{{forwarding}}"{{server}} }
                """;
        }
    }
}
