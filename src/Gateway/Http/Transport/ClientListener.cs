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
    // Linux cuts it to net.core.somaxconn, 4096 by default.
    private const int Backlog = 65535;

    private readonly Channel<ConnectionContext> _accepted =
        Channel.CreateUnbounded<ConnectionContext>(new UnboundedChannelOptions { SingleReader = true });

    private readonly List<Socket> _sockets = [];
    private readonly List<ClientEntrance> _entrances = [];
    private bool _isUnbound;

    public ClientListener(HttpLoops loops, IPEndPoint endPoint, IMemoryPoolFactory<byte> pools, ILogger logger)
    {
        try
        {
            Open(endPoint, loops.Places.Count);
        }
        catch (SocketException)
        {
            _sockets.ForEach(socket => socket.Dispose());
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

    /// <summary>Opens all sockets; only this listener can share the port.</summary>
    /// <remarks>
    /// The first socket binds without SO_REUSEPORT, which fails if anybody else is there, and gets the option
    /// afterwards; only then can the others join it.
    /// </remarks>
    private void Open(IPEndPoint endPoint, int count)
    {
        _sockets.Add(Bind(endPoint, reusePort: false));
        SetReusePort(_sockets[0]);
        for (var i = 1; i < count; i++)
        {
            _sockets.Add(Bind((IPEndPoint)_sockets[0].LocalEndPoint!, reusePort: true));
        }

        foreach (var socket in _sockets)
        {
            socket.Blocking = false;
            // Accepted sockets inherit it.
            socket.NoDelay = true;
            socket.Listen(Backlog);
        }
    }

    private static Socket Bind(IPEndPoint endPoint, bool reusePort)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
            {
                // As Kestrel's own: http://*:80 is IPv4 as well.
                socket.DualMode = true;
            }

            if (reusePort)
            {
                SetReusePort(socket);
            }

            socket.Bind(endPoint);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    private static void SetReusePort(Socket socket) =>
        socket.SetRawSocketOption(Libc.LevelSocket, Libc.OptionReusePort, BitConverter.GetBytes(1));
}
