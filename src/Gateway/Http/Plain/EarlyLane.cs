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
            if (await lane.ServeAsync(connection, connection.Client, limits))
            {
                return true;
            }

            // Followed, and counted as there, until the client has what was written.
            connection.End();
            if (!connection.Ended.IsCompleted)
            {
                await connection.Ended;
            }

            return false;
        }
        finally
        {
            clients.Forget(followed);
        }
    }
}
