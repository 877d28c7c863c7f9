using System.Net;

namespace Gateway.Relay;

/// <summary>Relays TCP on .NET sockets: works on every system.</summary>
internal sealed class SocketEngine(ConnectionTable table, ILogger logger) : IRelayEngine
{
    public IRelayListener Listen(IPEndPoint endPoint, VirtualServer virtualServer) => RelaySocket.IsUdp(virtualServer.Options)
        ? throw new NotSupportedException("UDP is relayed by event loops only, which need Linux and Relay:Engine auto")
        : virtualServer.Options.Transparent
        ? throw new NotSupportedException("Transparent is for event loops only, which need Linux and Relay:Engine auto")
        : new SocketListener(endPoint, virtualServer, table, logger);

    public void Dispose()
    {
        // Nothing outlives the listeners and connections.
    }
}
