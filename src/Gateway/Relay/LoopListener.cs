using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;

namespace Gateway.Relay;

/// <summary>One address, listened on by every loop with a socket of its own; the kernel spreads connections, and UDP
/// clients, over them.</summary>
internal sealed class LoopListener : IRelayListener
{
    // Linux cuts it to net.core.rmem_max, 208 KiB by default.
    private const int DatagramsWaiting = 4 * 1024 * 1024;

    private readonly List<LoopEntrance> _entrances = [];
    private readonly List<Socket> _sockets = [];
    private readonly bool _isUdp;
    private volatile VirtualServer _virtualServer;

    public LoopListener(
        IReadOnlyList<Loop> loops, IPEndPoint endPoint, VirtualServer virtualServer, ConnectionTable table, ILogger logger)
    {
        _virtualServer = virtualServer;
        _isUdp = RelaySocket.IsUdp(virtualServer.Options);
        try
        {
            OpenSockets(endPoint, loops.Count);
        }
        catch (SocketException)
        {
            _sockets.ForEach(socket => socket.Dispose());
            throw;
        }

        EndPoint = (IPEndPoint)_sockets[0].LocalEndPoint!;
        for (var i = 0; i < loops.Count; i++)
        {
            LoopEntrance entrance = _isUdp
                ? new UdpEntrance(loops[i], _sockets[i], this, table)
                : new TcpEntrance(loops[i], _sockets[i], this, table, logger);
            _entrances.Add(entrance);
        }

        try
        {
            _entrances.ForEach(entrance => entrance.Loop.Run(entrance.Start));
        }
        catch (SocketException)
        {
            Dispose();
            throw;
        }
    }

    public IPEndPoint EndPoint { get; }

    public VirtualServer VirtualServer
    {
        get => _virtualServer;
        set => _virtualServer = value;
    }

    public void Dispose()
    {
        foreach (var entrance in _entrances)
        {
            entrance.Loop.Run(entrance.Stop);
        }
    }

    /// <summary>Opens all sockets; only this listener can share the port.</summary>
    /// <remarks>
    /// The first socket binds without SO_REUSEPORT, which fails if anybody else is there, and gets the option
    /// afterwards; only then can the others join it. With the option on from the start, a second program of the same
    /// user would be let in as well, and each would silently get a part of the connections.
    /// </remarks>
    private void OpenSockets(IPEndPoint endPoint, int count)
    {
        var type = _isUdp ? SocketType.Dgram : SocketType.Stream;
        _sockets.Add(ListenSocket.Bind(endPoint, type, reusePort: false));
        ListenSocket.SetReusePort(_sockets[0]);
        for (var i = 1; i < count; i++)
        {
            _sockets.Add(ListenSocket.Bind((IPEndPoint)_sockets[0].LocalEndPoint!, type, reusePort: true));
        }

        foreach (var socket in _sockets)
        {
            Configure(socket);
            socket.Blocking = false;
            if (!_isUdp)
            {
                ListenSocket.Listen(socket);
            }
        }
    }

    private void Configure(Socket socket)
    {
        if (_isUdp)
        {
            socket.ReceiveBufferSize = DatagramsWaiting;
        }
        else
        {
            // On Linux accepted sockets inherit these options, which saves setting them one by one.
            RelaySocket.Configure(socket);
        }
    }
}
