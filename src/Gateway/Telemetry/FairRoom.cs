using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Telemetry;

/// <summary>Room for so many connections at once, of which nobody can take all: when it is full, a new connection takes the
/// place of the oldest one of the client that has the most.</summary>
/// <remarks>To refuse the newest, as Kestrel's own limit does, lets a client with enough silent connections shut out whoever
/// asks whether Gateway is well, and who restarts it when there is no answer. IPv6 addresses count by their /64, since that is
/// what one machine has.</remarks>
internal sealed class FairRoom(int most)
{
    private readonly Lock _gate = new();
    // In the order they came.
    private readonly List<(ConnectionContext Connection, IPAddress Client)> _inside = [];

    /// <summary>Middleware of a Kestrel listener; several listeners can share one room.</summary>
    public ConnectionDelegate Lead(ConnectionDelegate next) => async connection =>
    {
        Enter(connection)?.Abort(new ConnectionAbortedException("Another client needs the place."));
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(connection);
        }
    };

    /// <summary>Notes a connection, and returns the one that has to go for it, if any.</summary>
    private ConnectionContext? Enter(ConnectionContext connection)
    {
        lock (_gate)
        {
            ConnectionContext? leaving = null;
            if (_inside.Count >= most)
            {
                // Groups come in the order of their oldest, so that among equals the one that has been here longest goes.
                leaving = _inside.GroupBy(each => each.Client).MaxBy(group => group.Count())!.First().Connection;
                _inside.RemoveAll(each => each.Connection == leaving);
            }

            _inside.Add((connection, ClientOf((connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None)));
            return leaving;
        }
    }

    private void Leave(ConnectionContext connection)
    {
        lock (_gate)
        {
            _inside.RemoveAll(each => each.Connection == connection);
        }
    }

    private static IPAddress ClientOf(IPAddress address) => address switch
    {
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4(),
        { AddressFamily: AddressFamily.InterNetworkV6 } => new IPAddress([.. address.GetAddressBytes()[..8], 0, 0, 0, 0, 0, 0, 0, 0]),
        _ => address,
    };
}
