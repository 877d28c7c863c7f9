using System.Net;
using System.Net.Sockets;
using Gateway.EventLoop;
using Gateway.Relay.Tls;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>Accepts the connections of one listening socket and starts each on its way.</summary>
internal sealed partial class SocketListener : IRelayListener
{
    private static readonly TimeSpan _pauseWithoutResources = TimeSpan.FromMilliseconds(200);

    // No queue of the kernel's is longer than this.
    private const int MostWaiting = 65536;

    private readonly Socket _socket;
    private readonly ConnectionTable _table;
    private readonly ILogger _logger;
    private readonly WarningPace _warnings;
    private readonly CancellationTokenSource _stop = new();
    private volatile VirtualServer _virtualServer;

    /// <summary>Binds, which throws <see cref="SocketException"/> when the address is taken, and begins to accept.</summary>
    public SocketListener(IPEndPoint endPoint, VirtualServer virtualServer, ConnectionTable table, ILogger logger)
    {
        _virtualServer = virtualServer;
        _table = table;
        _logger = logger;
        _warnings = new WarningPace(table.Time);
        _socket = ListenSocket.Open(endPoint);
        EndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        _ = AcceptAsync();
    }

    /// <summary>The address listened on, with the port the system chose if it was asked to.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>The virtual server of the next connection.</summary>
    public VirtualServer VirtualServer
    {
        get => _virtualServer;
        set => _virtualServer = value;
    }

    /// <summary>Stops accepting; connections run on, and those the kernel has already established are taken in.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        try
        {
            // A client that the other loop is just being given is not there any more.
            _socket.Blocking = false;
            for (var i = 0; i < MostWaiting && HasRoom && TryAccept(); i++)
            {
                // Each is one that a client believes to have.
            }
        }
        catch (ObjectDisposedException)
        {
            // Disposed before.
        }
        finally
        {
            ListenSocket.Close(_socket);
        }
    }

    private bool HasRoom => !OperatingSystem.IsLinux() || Descriptors.HasRoom((int)_socket.Handle);

    /// <summary>Takes in one of those that wait; whether it is worth trying the next.</summary>
    private bool TryAccept()
    {
        try
        {
            Take(_socket.Accept());
            return true;
        }
        catch (SocketException e)
        {
            return IsFaultOfPeer(e.SocketErrorCode);
        }
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _socket.AcceptAsync(_stop.Token);
                var isReserved = Descriptors.IsReserved(client);
                Take(client);
                if (isReserved)
                {
                    await WaitForRoomAsync();
                }
            }
            catch (Exception e) when (_stop.IsCancellationRequested
                && e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e) when (IsFaultOfPeer(e.SocketErrorCode))
            {
                LogPeerGone(EndPoint, e.SocketErrorCode);
            }
            catch (SocketException e)
            {
                // Out of descriptors or memory: connections wait in the backlog until some are closed.
                WarnOfShortage(e.Message);
                await Task.Delay(_pauseWithoutResources, _table.Time, CancellationToken.None);
            }
        }
    }

    /// <summary>Waits until connections may have descriptors again: without those that are left to it .NET ends the
    /// process.</summary>
    private async Task WaitForRoomAsync()
    {
        WarnOfShortage("out of descriptors");
        while (!_stop.IsCancellationRequested && !HasRoom)
        {
            await Task.Delay(_pauseWithoutResources, _table.Time, CancellationToken.None);
        }
    }

    private void WarnOfShortage(string error)
    {
        if (_warnings.TryTake())
        {
            LogCannotAccept(EndPoint, error);
        }
    }

    private void Take(Socket client)
    {
        if (Descriptors.IsOfLast(client))
        {
            client.Close(0);
            _virtualServer.CountRefused(ConnectionEnd.Failed);
        }
        else
        {
            Start(client);
        }
    }

    private void Start(Socket client)
    {
        Flow flow;
        try
        {
            flow = RelaySocket.ToFlow((IPEndPoint)client.RemoteEndPoint!, (IPEndPoint)client.LocalEndPoint!);
            RelaySocket.Configure(client);
            RelaySocket.KeepAlive(client, _virtualServer.Options);
        }
        catch (SocketException e)
        {
            LogPeerGone(EndPoint, e.SocketErrorCode);
            client.Dispose();
            return;
        }

        _ = New(client, _virtualServer, _table, flow).RunAsync();
    }

    /// <summary>The connection of a client on a .NET socket.</summary>
    private static SocketConnection New(Socket client, VirtualServer virtualServer, ConnectionTable table, in Flow flow) =>
        virtualServer.Tls is { } terms
            ? new TlsConnection(client, terms, virtualServer, table, flow)
            : new SocketConnection(client, virtualServer, table, flow);

    private static bool IsFaultOfPeer(SocketError error) => error
        is SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.NotConnected
        or SocketError.NetworkDown or SocketError.NetworkUnreachable
        or SocketError.HostDown or SocketError.HostUnreachable
        or SocketError.OperationNotSupported or SocketError.ProtocolOption or SocketError.TimedOut;

    [LoggerMessage(LogLevel.Debug, "{EndPoint}: a client went away before it was accepted: {Error}")]
    private partial void LogPeerGone(IPEndPoint endPoint, SocketError error);

    [LoggerMessage(LogLevel.Warning, "{EndPoint}: cannot accept connections for now: {Error}")]
    private partial void LogCannotAccept(IPEndPoint endPoint, string error);
}
