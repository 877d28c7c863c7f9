using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;

namespace Gateway.Relay;

/// <summary>One address, listened on by every loop with a socket of its own; the kernel spreads connections over them.</summary>
internal sealed class LoopListener : IRelayListener
{
    private readonly List<LoopAcceptor> _acceptors = [];
    private readonly List<Socket> _sockets = [];
    private volatile VirtualServer _virtualServer;

    public LoopListener(
        IReadOnlyList<Loop> loops, IPEndPoint endPoint, VirtualServer virtualServer, ConnectionTable table, ILogger logger)
    {
        _virtualServer = virtualServer;
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
            var acceptor = new LoopAcceptor(loops[i], _sockets[i], this, table, logger);
            _acceptors.Add(acceptor);
            loops[i].Run(acceptor.Start);
        }
    }

    public IPEndPoint EndPoint { get; }

    public VirtualServer VirtualServer
    {
        get => _virtualServer;
        set
        {
            _virtualServer = value;
            _sockets.ForEach(Configure);
        }
    }

    public void Dispose()
    {
        foreach (var acceptor in _acceptors)
        {
            acceptor.Loop.Run(acceptor.Stop);
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
        _sockets.Add(ListenSocket.Bind(endPoint, reusePort: false));
        ListenSocket.SetReusePort(_sockets[0]);
        for (var i = 1; i < count; i++)
        {
            _sockets.Add(ListenSocket.Bind((IPEndPoint)_sockets[0].LocalEndPoint!, reusePort: true));
        }

        foreach (var socket in _sockets)
        {
            Configure(socket);
            ListenSocket.Listen(socket);
            socket.Blocking = false;
        }
    }

    /// <summary>On Linux accepted sockets inherit these options, which saves setting them one by one.</summary>
    private void Configure(Socket socket) => RelaySocket.Configure(socket, _virtualServer.Options);
}
