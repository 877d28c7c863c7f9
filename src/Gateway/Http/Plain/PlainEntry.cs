using System.Text;
using Gateway.Http.Forwarding;
using Microsoft.AspNetCore.Routing.Patterns;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Http.Plain;

/// <summary>One route of the configuration, as far as looking it up needs it.</summary>
/// <param name="Rank">Its place among the routes that match the same request: the lowest is taken.</param>
/// <param name="Hosts">The hosts it is for; none is all.</param>
/// <param name="Prefix">The literal beginning of its path, without a slash at the end.</param>
/// <param name="IsExact">Whether the path ends there.</param>
/// <param name="Plan">How it is forwarded; null when whatever it may match goes through routing.</param>
internal sealed record PlainEntry(
    PlainRank Rank, IReadOnlyList<string> Hosts, string Prefix, bool IsExact, ForwardingPlan? Plan)
{
    /// <summary>The first segment of its path; empty when it has no literal one.</summary>
    public string FirstSegment { get; } = Prefix.Split('/') is [_, var first, ..] ? first : "";

    /// <summary>Reads a route.</summary>
    public static PlainEntry Of(RouteConfig route, ClusterConfig? cluster)
    {
        var match = route.Match;
        var pattern = RoutePatternFactory.Parse(string.IsNullOrEmpty(match.Path) ? "/{**all}" : match.Path);
        var prefix = "";
        var read = 0;
        while (read < pattern.PathSegments.Count && LiteralOf(pattern.PathSegments[read]) is { } literal)
        {
            prefix += $"/{literal}";
            read++;
        }

        // A host with a port or a wildcard may be any, as far as the table knows.
        var hosts = match.Hosts is { Count: > 0 } named && named.All(IsName) ? named : [];
        var isExact = read == pattern.PathSegments.Count;
        var isWhole = isExact || (read == pattern.PathSegments.Count - 1 && IsRest(pattern.PathSegments[read]));
        var isConditional = match.Methods is { Count: > 0 } || match.Headers is { Count: > 0 } || match.QueryParameters is { Count: > 0 };
        var isPlain = isWhole && !isConditional && hosts.Count == (match.Hosts?.Count ?? 0) && cluster is not null && NeedsNothing(route, cluster);
        var plan = isPlain ? ForwardingPlan.Of(route, cluster!) : null;
        return new PlainEntry(
            new PlainRank(route.Order ?? 0, pattern.InboundPrecedence, isConditional ? 0 : 1, match.Hosts is { Count: > 0 } ? 0 : 1),
            hosts, prefix, isExact, plan is { WhyNot: null } ? plan : null);
    }

    /// <summary>Whether this route may match a path; when it has a plan, whether it does.</summary>
    public bool MayMatch(ReadOnlySpan<char> path) =>
        path.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
        && (IsExact
            ? path.Length == Prefix.Length || (path.Length == Prefix.Length + 1 && path[^1] == '/')
            : path.Length == Prefix.Length || path[Prefix.Length] == '/');

    /// <summary>Whether all destinations of a cluster are spoken to without TLS.</summary>
    public static bool IsPlain(ClusterConfig cluster) => cluster.Destinations?.Values.All(
        destination => destination.Address.StartsWith("http://", StringComparison.OrdinalIgnoreCase)) == true;

    /// <summary>Whether a route asks for nothing that happens before or around forwarding.</summary>
    private static bool NeedsNothing(RouteConfig route, ClusterConfig cluster) =>
        route is
        {
            AuthorizationPolicy: null, RateLimiterPolicy: null, TimeoutPolicy: null, Timeout: null,
            CorsPolicy: null, MaxRequestBodySize: null,
        }
        && cluster.HealthCheck?.Passive?.Enabled != true
        && IsPlain(cluster);

    private static string? LiteralOf(RoutePatternPathSegment segment) =>
        segment is { IsSimple: true, Parts: [RoutePatternLiteralPart part] } && Ascii.IsValid(part.Content) ? part.Content : null;

    private static bool IsRest(RoutePatternPathSegment segment) =>
        segment is { IsSimple: true, Parts: [RoutePatternParameterPart { IsCatchAll: true, Default: null, ParameterPolicies.Count: 0 }] };

    private static bool IsName(string host) =>
        Ascii.IsValid(host) && !host.Contains('*', StringComparison.Ordinal) && !host.Contains(':', StringComparison.Ordinal);
}

/// <summary>By what routes are put in order; the lower comes first.</summary>
/// <param name="Order">The route's <c>Order</c>.</param>
/// <param name="Precedence">How exact its path is; lower is more exact.</param>
/// <param name="Conditional">0 with conditions beside path and host.</param>
/// <param name="Host">0 with a host.</param>
internal readonly record struct PlainRank(int Order, decimal Precedence, int Conditional, int Host) : IComparable<PlainRank>
{
    public int CompareTo(PlainRank other) =>
        (Order, Precedence, Conditional, Host).CompareTo((other.Order, other.Precedence, other.Conditional, other.Host));
}
