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

    private readonly List<Entrance> _entrances = [];
    private readonly IReadOnlyList<Socket> _sockets;
    private readonly bool _isUdp;
    private volatile VirtualServer _virtualServer;

    public LoopListener(
        IReadOnlyList<Loop> loops, IPEndPoint endPoint, VirtualServer virtualServer, ConnectionTable table, ILogger logger)
    {
        _virtualServer = virtualServer;
        _isUdp = RelaySocket.IsUdp(virtualServer.Options);
        _sockets = ListenSocket.BindAll(endPoint, _isUdp ? SocketType.Dgram : SocketType.Stream, loops.Count);
        try
        {
            Configure();
        }
        catch (SocketException)
        {
            foreach (var socket in _sockets)
            {
                socket.Dispose();
            }

            throw;
        }

        EndPoint = (IPEndPoint)_sockets[0].LocalEndPoint!;
        for (var i = 0; i < loops.Count; i++)
        {
            Entrance entrance = _isUdp
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

    private void Configure()
    {
        foreach (var socket in _sockets)
        {
            if (_isUdp)
            {
                socket.ReceiveBufferSize = DatagramsWaiting;
            }
            else
            {
                // On Linux accepted sockets inherit these options, which saves setting them one by one.
                RelaySocket.Configure(socket);
                ListenSocket.Listen(socket);
            }
        }
    }
}
