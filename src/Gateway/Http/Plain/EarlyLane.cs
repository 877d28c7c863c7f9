using Gateway.Http.Transport;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http.Plain;

/// <summary>The plain lane of an endpoint where nothing comes before it: connections begin in it, and Kestrel hears of them
/// with their first request that is not plain.</summary>
/// <remarks>Most of what a short connection costs in Kestrel is its objects and the way from the loop to another thread and
/// back.</remarks>
internal sealed class EarlyLane(PlainLane lane, KestrelServerLimits limits, ClientConnections clients) : IEarlyServer
{
    public bool IsOn => lane.IsOn;

    public async Task<bool> ServeAsync(ClientConnection connection)
    {
        var followed = clients.Follow(connection);
        try
        {
            return await lane.ServeAsync(connection, connection.Client, limits);
        }
        finally
        {
            clients.Forget(followed);
        }
    }
}
