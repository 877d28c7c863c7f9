using Gateway.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Http;

/// <summary>Finds routes that nothing tells apart: ASP.NET Core's routing answers a request that two such routes match
/// with an error.</summary>
/// <remarks>It prefers a lower order, the more specific path, then a route with methods, hosts, headers or query parameters to one
/// with none or fewer of them. What is left are routes of one rank, which are told apart only where no request matches both.
/// Of patterns and conditions that differ it is not guessed whether one request can match both; only what surely overlaps is
/// reported.</remarks>
internal static class RouteAmbiguity
{
    public static IEnumerable<ConfigurationError> Check(LoadedConfiguration configuration, IReadOnlyList<RouteConfig> routes)
    {
        foreach (var rank in routes.GroupBy(RankOf).Where(rank => rank.Key is not null && rank.Skip(1).Any()))
        {
            var reported = new HashSet<RouteConfig>(ReferenceEqualityComparer.Instance);
            foreach (var sameHost in ByHost(rank))
            {
                for (var i = 1; i < sameHost.Count; i++)
                {
                    var route = sameHost[i];
                    if (sameHost.Take(i).FirstOrDefault(earlier => Overlap(earlier.Match, route.Match)) is { } first && reported.Add(route))
                    {
                        yield return configuration.Error($"ReverseProxy:Routes:{route.RouteId}:Match",
                            $"matches the same requests as ReverseProxy:Routes:{first.RouteId}, and nothing says which of the two serves them",
                            "Give one of them an Order, of which the lower is looked at first, or remove one.");
                    }
                }
            }
        }
    }

    /// <summary>What decides which route is looked at first; null when the path cannot be read.</summary>
    private static Rank? RankOf(RouteConfig route) =>
        RoutePaths.Parse(route.Match.Path) is not { } pattern ? null : new Rank(
            route.Order ?? 0,
            RoutePaths.Shape(pattern),
            route.Match.Hosts is { Count: > 0 },
            route.Match.Methods is { Count: > 0 },
            route.Match.Headers?.Count ?? 0,
            route.Match.QueryParameters?.Count ?? 0);

    /// <summary>The routes that share a host, for each host; all of them where they name none.</summary>
    private static IEnumerable<List<RouteConfig>> ByHost(IEnumerable<RouteConfig> routes) =>
        from route in routes
        from host in route.Match.Hosts is { Count: > 0 } hosts
            ? hosts.Select(RouteHost.Parse).Where(host => host is not null).Distinct()
            : [new RouteHost("*", null)]
        group route by host into sameHost
        where sameHost.Skip(1).Any()
        select sameHost.ToList();

    private static bool Overlap(RouteMatch a, RouteMatch b) =>
        (a.Methods is not { Count: > 0 } || a.Methods.Intersect(b.Methods!, StringComparer.OrdinalIgnoreCase).Any())
        && (a.Headers ?? []).All(one => (b.Headers ?? []).Any(other => Overlap(one, other)))
        && (a.QueryParameters ?? []).All(one => (b.QueryParameters ?? []).Any(other => Overlap(one, other)));

    private static bool Overlap(RouteHeader a, RouteHeader b) =>
        a.Mode == b.Mode && string.Equals(a.Name, b.Name, StringComparison.OrdinalIgnoreCase)
        && Overlap(a.Values, b.Values, isNot: a.Mode is HeaderMatchMode.NotContains);

    private static bool Overlap(RouteQueryParameter a, RouteQueryParameter b) =>
        a.Mode == b.Mode && string.Equals(a.Name, b.Name, StringComparison.OrdinalIgnoreCase)
        && Overlap(a.Values, b.Values, isNot: a.Mode is QueryParameterMatchMode.NotContains);

    /// <summary>Whether a request that has one of the first values can have one of the second, or that has none of either.</summary>
    private static bool Overlap(IReadOnlyList<string>? a, IReadOnlyList<string>? b, bool isNot) =>
        isNot || a is not { Count: > 0 } || b is not { Count: > 0 } || a.Intersect(b, StringComparer.Ordinal).Any();

    private sealed record Rank(int Order, string Shape, bool HasHosts, bool HasMethods, int Headers, int Parameters);
}
