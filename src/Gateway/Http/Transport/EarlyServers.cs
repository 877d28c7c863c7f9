using System.Collections.Concurrent;
using System.Net;

namespace Gateway.Http.Transport;

/// <summary>Who serves the connections of which endpoint before Kestrel does. Kestrel builds what is to be done with the
/// connections of an endpoint right before it binds it, and tells the transport its address only.</summary>
internal sealed class EarlyServers
{
    private readonly ConcurrentDictionary<IPEndPoint, IEarlyServer> _offered = new();

    /// <summary>Offers a server to the endpoint that is bound next at this address; null is none.</summary>
    public void Offer(IPEndPoint endPoint, IEarlyServer? server)
    {
        if (server is null)
        {
            _offered.TryRemove(endPoint, out _);
        }
        else
        {
            _offered[endPoint] = server;
        }
    }

    /// <summary>What was offered, once; null when nothing was.</summary>
    public IEarlyServer? Take(IPEndPoint endPoint) => _offered.TryRemove(endPoint, out var server) ? server : null;
}
