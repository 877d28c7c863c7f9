using System.Net.Sockets;
using Gateway.EventLoop;
using Gateway.Relay.Tls;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>The part of a TCP listener that lives on one loop: starts the connections it accepts on the same loop.</summary>
internal sealed class TcpEntrance(Loop loop, Socket socket, LoopListener listener, ConnectionTable table, ILogger logger)
    : StreamEntrance(loop, socket, logger)
{
    protected override void OnAccepted(int fd, in NativeAddress remote)
    {
        var virtualServer = listener.VirtualServer;
        var flow = new Flow(remote.ToIPAddress(), remote.Port, LocalEndPoint(fd).Address, EndPoint.Port);
        Start(virtualServer.Tls is { } terms
            ? new LoopTlsConnection(this, fd, terms, virtualServer, table, flow)
            : new LoopConnection(this, fd, virtualServer, table, flow));
    }

    protected override void OnRefused() => listener.VirtualServer.CountRefused(ConnectionEnd.Failed);

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
}
