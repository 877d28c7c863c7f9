using System.Collections.Concurrent;

namespace Gateway.ProxyProtocol;

/// <summary>How many connections of each HTTP listener were reset because a trusted proxy sent no valid header.</summary>
internal sealed class ProxyHeaderFaults
{
    private readonly ConcurrentDictionary<string, long> _byEndpoint = new(StringComparer.OrdinalIgnoreCase);

    public IEnumerable<KeyValuePair<string, long>> ByEndpoint => _byEndpoint;

    public void Count(string endpoint) => _byEndpoint.AddOrUpdate(endpoint, 1, static (_, count) => count + 1);
}
