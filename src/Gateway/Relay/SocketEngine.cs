using System.Net;

namespace Gateway.Relay;

/// <summary>Relays on .NET sockets: works on every system.</summary>
internal sealed class SocketEngine(ConnectionTable table, ILogger logger) : IRelayEngine
{
    public IRelayListener Listen(IPEndPoint endPoint, VirtualServer virtualServer) =>
        new SocketListener(endPoint, virtualServer, table, logger);

    public void Dispose()
    {
        // Nothing outlives the listeners and connections.
    }
}
