namespace Gateway.Tests.Support;

/// <summary>Pieces of configuration that many tests need, as a user would write them.</summary>
internal static class Json
{
    /// <summary>One cluster behind one route for everything.</summary>
    /// <param name="policy">The scheduler.</param>
    /// <param name="destinations">From <see cref="Destination"/>.</param>
    /// <param name="more">Further keys of the cluster, each followed by a comma.</param>
    /// <param name="routeMore">Further keys of the route, each followed by a comma.</param>
    public static string Proxy(string policy, IEnumerable<string> destinations, string more = "", string routeMore = "") =>
        $$"""
        { "ReverseProxy": {
            "Routes": { "all": { "ClusterId": "web", {{routeMore}} "Match": { "Path": "{**catch-all}" } } },
            "Clusters": { "web": { {{more}} "LoadBalancingPolicy": "{{policy}}",
                "Destinations": { {{string.Join(", ", destinations)}} } } } } }
        """;

    /// <summary>One cluster behind one virtual server, <c>tcp</c>, on a free port of 127.0.0.1.</summary>
    public static string Relay(
        string policy, IEnumerable<string> destinations, string more = "", string listen = "\"127.0.0.1:0\"", string serverMore = "") =>
        $$"""
        { "ReverseProxy": { "Clusters": { "pool": { {{more}} "LoadBalancingPolicy": "{{policy}}",
              "Destinations": { {{string.Join(", ", destinations)}} } } } },
          "VirtualServers": { "tcp": { {{serverMore}} "Listen": [ {{listen}} ], "Protocol": "tcp", "ClusterId": "pool" } } }
        """;

    public static string Destination(string id, string address, int weight = 1, string more = "") =>
        $$""" "{{id}}": { {{more}} "Address": "{{address}}", "Weight": {{weight}} } """;
}
