using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Gateway.EventLoop;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Http.Transport;

/// <summary>One address, listened on by every loop with a socket of its own; the kernel spreads connections over them.
/// </summary>
internal sealed class ClientListener : IConnectionListener
{
    private readonly Channel<ConnectionContext> _accepted =
        Channel.CreateUnbounded<ConnectionContext>(new UnboundedChannelOptions { SingleReader = true });

    private readonly IReadOnlyList<Socket> _sockets;
    private readonly List<ClientEntrance> _entrances = [];
    private bool _isUnbound;

    public ClientListener(HttpLoops loops, IPEndPoint endPoint, IMemoryPoolFactory<byte> pools, ILogger logger)
    {
        // As Kestrel's own: http://*:80 is IPv4 as well.
        _sockets = ListenSocket.BindAll(
            endPoint, SocketType.Stream, loops.Places.Count, isDual: endPoint.Address.Equals(IPAddress.IPv6Any));
        try
        {
            foreach (var socket in _sockets)
            {
                // Accepted sockets inherit it.
                socket.NoDelay = true;
                ListenSocket.Listen(socket);
            }
        }
        catch (SocketException)
        {
            foreach (var socket in _sockets)
            {
                socket.Dispose();
            }

            throw;
        }

        EndPoint = _sockets[0].LocalEndPoint!;
        foreach (var (place, socket) in loops.Places.Zip(_sockets))
        {
            _entrances.Add(new ClientEntrance(place, socket, pools.Create(), _accepted.Writer, logger));
        }

        _entrances.ForEach(entrance => entrance.Loop.Run(entrance.Start));
    }

    public EndPoint EndPoint { get; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_accepted.Reader.TryRead(out var connection))
            {
                return connection;
            }
        }

        return null;
    }

    /// <summary>Takes the connections that clients believe to have, and no more.</summary>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        if (!_isUnbound)
        {
            _isUnbound = true;
            _entrances.ForEach(entrance => entrance.Loop.Run(entrance.Stop));
            _accepted.Writer.TryComplete();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => UnbindAsync();
}
