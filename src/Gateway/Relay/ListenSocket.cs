using System.Net;
using System.Net.Sockets;

namespace Gateway.Relay;

/// <summary>Opens listening sockets.</summary>
internal static class ListenSocket
{
    // Linux cuts it to net.core.somaxconn, 4096 by default.
    private const int Backlog = 65535;

    /// <summary>
    /// Binds and listens, alone on the port: another process or listener on it is an error. Throws
    /// <see cref="SocketException"/>.
    /// </summary>
    /// <remarks>
    /// <see cref="SocketOptionName.ReuseAddress"/> stays off: on Linux .NET turns it into SO_REUSEPORT as well, and two
    /// programs would share the connections without a word. A port in TIME_WAIT can be bound nevertheless. An IPv6
    /// socket takes IPv6 only, so that <c>[::]:25</c> and <c>0.0.0.0:25</c> can both be listened on.
    /// </remarks>
    public static Socket Open(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }
}
