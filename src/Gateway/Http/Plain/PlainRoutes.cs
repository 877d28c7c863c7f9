using System.Collections.Frozen;
using Gateway.Http.Forwarding;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Http.Plain;

/// <summary>The routes that need nothing but pick, forward and count, ready to be looked up by host and path.</summary>
/// <remarks>
/// Of the routes that may match a request, the first by <see cref="PlainRank"/> is taken, as ASP.NET Core's routing would: by
/// order, then by how exact the path is (<c>RoutePattern.InboundPrecedence</c>). Among equals, one that asks for a method, a
/// header or a parameter comes first here, and then one that names a host. The look-up finds nothing, and routing decides,
/// when the first is not plain, or when there are two of its rank. A route that has a parameter within its path, or a host
/// with a port or a wildcard, may match more here than it does. Paths are compared as routing does, decoded and without
/// regard to case.
/// </remarks>
internal sealed class PlainRoutes
{
    /// <summary>No route is plain.</summary>
    public static readonly PlainRoutes None = new([]);

    private readonly FrozenDictionary<string, PathTable>? _byHost;
    private readonly FrozenDictionary<string, PathTable>.AlternateLookup<ReadOnlySpan<char>> _hosts;
    private readonly PathTable _otherHosts;

    // Clusters that a plain route leads to.
    private readonly HashSet<string> _clusters;

    private PlainRoutes(IReadOnlyList<PlainEntry> entries)
    {
        _clusters = entries.Select(entry => entry.Plan?.ClusterId).OfType<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);
        _otherHosts = new PathTable(entries.Where(entry => entry.Hosts.Count == 0));
        var hosts = entries.SelectMany(entry => entry.Hosts).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (hosts.Count > 0)
        {
            _byHost = hosts.ToFrozenDictionary(
                host => host,
                host => new PathTable(entries.Where(
                    entry => entry.Hosts.Count == 0 || entry.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase))),
                StringComparer.OrdinalIgnoreCase);
            _hosts = _byHost.GetAlternateLookup<ReadOnlySpan<char>>();
        }
    }

    /// <summary>Works a configuration out.</summary>
    public static PlainRoutes Compile(IReadOnlyList<RouteConfig> routes, IReadOnlyList<ClusterConfig> clusters)
    {
        var byId = clusters.ToDictionary(cluster => cluster.ClusterId, StringComparer.OrdinalIgnoreCase);
        return new PlainRoutes([.. routes.Select(route => PlainEntry.Of(
            route, route.ClusterId is { } id ? byId.GetValueOrDefault(id) : null))]);
    }

    /// <summary>The plan of the route that a request belongs to; null when routing must tell.</summary>
    /// <param name="host">The request's Host, with or without a port.</param>
    /// <param name="path">Its path, decoded.</param>
    public ForwardingPlan? Find(ReadOnlySpan<char> host, ReadOnlySpan<char> path) =>
        (_byHost is not null && _hosts.TryGetValue(WithoutPort(host), out var table) ? table : _otherHosts).Find(path);

    /// <summary>Whether a plain route leads to one of these clusters.</summary>
    public bool LeadsToAny(IEnumerable<string> clusterIds) => clusterIds.Any(_clusters.Contains);

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        return colon < 0 || host.EndsWith("]", StringComparison.Ordinal) ? host : host[..colon];
    }

    /// <summary>Entries of one host, by the first segment of their paths.</summary>
    private sealed class PathTable
    {
        private readonly FrozenDictionary<string, PlainEntry[]>? _bySegment;
        private readonly FrozenDictionary<string, PlainEntry[]>.AlternateLookup<ReadOnlySpan<char>> _segments;
        private readonly PlainEntry[] _others;

        public PathTable(IEnumerable<PlainEntry> entries)
        {
            PlainEntry[] all = [.. entries.OrderBy(entry => entry.Rank)];
            _others = [.. all.Where(entry => entry.FirstSegment.Length == 0)];
            var segments = all.Select(entry => entry.FirstSegment).Where(segment => segment.Length > 0)
                .ToHashSet(StringComparer.OrdinalIgnoreCase);
            if (segments.Count > 0)
            {
                _bySegment = segments.ToFrozenDictionary(
                    segment => segment,
                    segment => all.Where(entry => entry.FirstSegment.Length == 0
                        || entry.FirstSegment.Equals(segment, StringComparison.OrdinalIgnoreCase)).ToArray(),
                    StringComparer.OrdinalIgnoreCase);
                _segments = _bySegment.GetAlternateLookup<ReadOnlySpan<char>>();
            }
        }

        public ForwardingPlan? Find(ReadOnlySpan<char> path)
        {
            var entries = _bySegment is not null && _segments.TryGetValue(FirstSegmentOf(path), out var some) ? some : _others;
            for (var i = 0; i < entries.Length; i++)
            {
                if (entries[i].MayMatch(path))
                {
                    return HasRival(entries, i, path) ? null : entries[i].Plan;
                }
            }

            return null;
        }

        private static bool HasRival(PlainEntry[] entries, int index, ReadOnlySpan<char> path)
        {
            for (var i = index + 1; i < entries.Length && entries[i].Rank == entries[index].Rank; i++)
            {
                if (entries[i].MayMatch(path))
                {
                    return true;
                }
            }

            return false;
        }

        private static ReadOnlySpan<char> FirstSegmentOf(ReadOnlySpan<char> path)
        {
            path = path.IsEmpty ? path : path[1..];
            var slash = path.IndexOf('/');
            return slash < 0 ? path : path[..slash];
        }
    }
}
