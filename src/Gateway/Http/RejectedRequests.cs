using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Http;

/// <summary>Requests that are refused before a route is asked for them: those that Kestrel cannot or will not read
/// (<see cref="UnreadRequests"/>), and those of which two readers could disagree (<see cref="RequestFraming"/>).</summary>
internal sealed class RejectedRequests(RequestEvents events)
{
    private readonly ConcurrentDictionary<int, long> _byStatus = new();

    /// <summary>How many were refused since the start, by the status of the answer.</summary>
    public IEnumerable<KeyValuePair<int, long>> ByStatus => _byStatus;

    /// <summary>Counts one, and tells of it.</summary>
    /// <param name="request">The request, as far as it is known.</param>
    /// <param name="status">The answer.</param>
    public void Add(IFeatureCollection request, int status)
    {
        _byStatus.AddOrUpdate(status, 1, static (_, count) => count + 1);
        events.Rejected?.Invoke(request, status);
    }
}
