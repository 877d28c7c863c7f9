using System.Net;
using Gateway.EventLoop;

namespace Gateway.Relay;

/// <summary>Relays on event loops. A connection lives on one loop from accept to end.</summary>
internal sealed class LoopEngine(Loops loops, ConnectionTable table, ILogger logger) : IRelayEngine
{
    public IRelayListener Listen(IPEndPoint endPoint, VirtualServer virtualServer) =>
        new LoopListener(loops.All, endPoint, virtualServer, table, logger);

    public void Dispose() => loops.Dispose();
}
