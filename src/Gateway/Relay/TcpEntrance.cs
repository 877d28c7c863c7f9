using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;
using Gateway.Relay.Tls;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>The part of a listener that lives on one loop: accepts, and starts the connections on the same loop.</summary>
internal sealed unsafe partial class TcpEntrance(
    Loop loop, Socket socket, LoopListener listener, ConnectionTable table, ILogger logger)
    : LoopEntrance(loop, socket)
{
    // Connections already accepted get their turn in between.
    private const int MostPerTurn = 64;

    // No queue of the kernel's is longer than this.
    private const int MostWaiting = 65536;

    private static readonly TimeSpan _pauseWithoutResources = TimeSpan.FromMilliseconds(200);

    private readonly ILogger _logger = logger;
    private readonly WarningPace _warnings = new(table.Time);

    // A listener on a fixed address knows the local address of every connection without asking.
    private readonly IPAddress? _local =
        listener.EndPoint.Address.Equals(IPAddress.Any) || listener.EndPoint.Address.Equals(IPAddress.IPv6Any)
            ? null
            : listener.EndPoint.Address;

    private int _perTurn = 1;
    private bool _isPaused;

    public override void Start() => Watch();

    /// <summary>Takes the connections the kernel has already established, then closes the socket.</summary>
    public override void Stop()
    {
        for (var i = 0; i < MostWaiting && Descriptors.HasRoom(Fd) && TryAccept(); i++)
        {
            // Each is one that a client believes to have.
        }

        CloseEntrance();
    }

    internal override void OnReady(uint events)
    {
        // Asking when nobody waits costs the kernel a file it throws away, so it is not asked until it says no: as many
        // as waited the last time, and more only while that was not enough.
        var accepted = 0;
        while (accepted < _perTurn && !_isPaused && TryAccept())
        {
            accepted++;
        }

        _perTurn = accepted == _perTurn ? Math.Min(2 * _perTurn, MostPerTurn) : Math.Max(accepted, 1);
    }

    internal override void OnDue()
    {
        if (!Descriptors.HasRoom(Fd))
        {
            // Accepting one to see it would take the reserve away one by one.
            Loop.Schedule(this, _pauseWithoutResources);
            return;
        }

        _isPaused = false;
        Loop.Modify(this, Libc.EpollIn);
    }

    /// <summary>Looks away for a while: connections wait in the kernel's queue until some others are closed.</summary>
    public void Pause(int error)
    {
        if (_isPaused || IsStopped)
        {
            return;
        }

        if (_warnings.TryTake())
        {
            LogCannotAccept(listener.EndPoint, error);
        }

        _isPaused = true;
        Loop.Modify(this, 0);
        Loop.Schedule(this, _pauseWithoutResources);
    }

    private bool TryAccept()
    {
        NativeAddress address;
        uint length = NativeAddress.MaxLength;
        var fd = Libc.Accept(Fd, &address, &length, Libc.SocketNonBlocking | Libc.SocketCloseOnExec);
        if (fd >= 0)
        {
            var virtualServer = listener.VirtualServer;
            if (Descriptors.IsReserved(fd))
            {
                Pause(Libc.ErrorFilesInProcess);
                if (Descriptors.IsOfLast(fd))
                {
                    Libc.ResetAtClose(fd);
                    _ = Libc.Close(fd);
                    virtualServer.CountRefused(ConnectionEnd.Failed);
                    return true;
                }
            }

            var local = _local ?? LocalAddress(fd);
            var flow = new Flow(address.ToIPAddress(), address.Port, local, listener.EndPoint.Port);
            Start(virtualServer.Tls is { } terms
                ? new LoopTlsConnection(this, fd, terms, virtualServer, table, flow)
                : new LoopConnection(this, fd, virtualServer, table, flow));

            return true;
        }

        var error = Libc.Errno;
        switch (error)
        {
            case Libc.ErrorAgain:
                return false;

            case var _ when RelaySocket.IsOutOfResources(error):
                Pause(error);
                return false;

            default:
                // The client went away before it was accepted; Linux reports its network's errors here too.
                LogPeerGone(listener.EndPoint, error);
                return true;
        }
    }

    private void Start(LoopConnecting connection)
    {
        try
        {
            connection.Start();
        }
        catch (Exception e)
        {
            table.Report(e, connection.Id);
            connection.OnFault();
        }
    }

    private static IPAddress? LocalAddress(int fd)
    {
        NativeAddress address;
        uint length = NativeAddress.MaxLength;
        return Libc.LocalAddress(fd, &address, &length) == 0 ? address.ToIPAddress() : null;
    }

    [LoggerMessage(LogLevel.Debug, "{EndPoint}: a client went away before it was accepted: error {Error}")]
    private partial void LogPeerGone(IPEndPoint endPoint, int error);

    [LoggerMessage(LogLevel.Warning, "{EndPoint}: cannot accept connections for now: error {Error}, out of descriptors or memory")]
    private partial void LogCannotAccept(IPEndPoint endPoint, int error);
}
