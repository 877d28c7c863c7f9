using System.Net;
using Gateway.Http.Transport;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http.Plain;

/// <summary>The plain lane of an endpoint: connections begin in it, and Kestrel hears of them with their first request that is not
/// plain.</summary>
/// <param name="lane">The lane of all endpoints.</param>
/// <param name="limits">Those of Kestrel, which hold here too.</param>
/// <param name="proxies">Whose connections begin with a header of the PROXY protocol.</param>
/// <param name="clients">Where they are found.</param>
internal sealed class EarlyLane(
    PlainLane lane, KestrelServerLimits limits, IReadOnlyList<IPNetwork> proxies, ClientConnections clients) : IEarlyServer
{
    public KestrelServerLimits Limits => limits;

    public bool IsOn => lane.IsOn;

    /// <summary>Whether a client's connection begins with a header that says who the client is.</summary>
    public bool IsIntroduced(IPAddress client)
    {
        foreach (var network in proxies)
        {
            if (network.Contains(client))
            {
                return true;
            }
        }

        return false;
    }

    public EarlySocket Open(EarlyConnections home, int fd, IPEndPoint remote, IPEndPoint local) =>
        new LaneSocket(home, lane, this, fd, remote, local);

    public void Opened(EarlyConnections connections) => clients.Include(connections);

    public void Closed(EarlyConnections connections) => clients.Exclude(connections);
}
