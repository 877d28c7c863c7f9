using System.Collections.Concurrent;
using Gateway.Http;

namespace Gateway.Management.History;

/// <summary>The requests of each HTTP route, by the class of their status, since somebody first asked: counting costs every request
/// a little, which is not paid for nobody. May be used from any thread.</summary>
internal sealed class RouteTraffic(RequestEvents requests)
{
    private readonly ConcurrentDictionary<string, long[]> _routes = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _gate = new();
    private bool _counts;

    /// <summary>Requests of a route that have ended: of 1xx, 2xx, 3xx, 4xx, 5xx, and those without an answer.</summary>
    public IReadOnlyList<long> Of(string route)
    {
        lock (_gate)
        {
            if (!_counts)
            {
                _counts = true;
                requests.Ended += Count;
            }
        }

        var counts = _routes.GetOrAdd(route, static _ => new long[6]);
        return [.. Enumerable.Range(0, counts.Length).Select(i => Interlocked.Read(ref counts[i]))];
    }

    private void Count(RequestEnd end)
    {
        // Of routes nobody has asked for, such as those that came since, the first ask begins at nought.
        if (_routes.TryGetValue(end.RouteId, out var counts))
        {
            Interlocked.Increment(ref counts[end.Status is >= 100 and < 600 ? (end.Status / 100) - 1 : 5]);
        }
    }
}
