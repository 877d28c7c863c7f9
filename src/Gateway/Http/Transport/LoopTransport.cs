using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Http.Transport;

/// <summary>A transport of Kestrel on event loops: a request is read, forwarded and answered on one thread. Addresses that
/// are not TCP over IP are left to the stock transport.</summary>
internal sealed class LoopTransport(
    HttpLoops loops, HttpOptions options, EarlyServers early, LeftListeners left, IMemoryPoolFactory<byte> pools, ILogger<LoopTransport> logger)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            var ip = (IPEndPoint)endpoint;
            return ValueTask.FromResult<IConnectionListener>(new ClientListener(loops, ip, options.DeferAccept, pools, early.Take(ip), left, logger));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(e.Message, e);
        }
    }
}
