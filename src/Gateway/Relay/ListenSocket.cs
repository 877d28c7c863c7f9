using System.Net;
using System.Net.Sockets;

namespace Gateway.Relay;

/// <summary>Opens listening sockets.</summary>
/// <remarks>
/// <see cref="SocketOptionName.ReuseAddress"/> stays off: on Linux .NET turns it into SO_REUSEPORT as well, and two
/// programs would share the connections without a word. A port in TIME_WAIT can be bound nevertheless. An IPv6 socket
/// takes IPv6 only, so that <c>[::]:25</c> and <c>0.0.0.0:25</c> can both be listened on.
/// </remarks>
internal static class ListenSocket
{
    // Linux cuts it to net.core.somaxconn, 4096 by default.
    private const int Backlog = 65535;

    private const int LinuxSocketLevel = 1;
    private const int LinuxReusePort = 15;

    /// <summary>Binds and listens, alone on the port; throws <see cref="SocketException"/>.</summary>
    public static Socket Open(IPEndPoint endPoint)
    {
        var socket = Bind(endPoint, SocketType.Stream, reusePort: false);
        try
        {
            Listen(socket);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Binds a socket; throws <see cref="SocketException"/>.</summary>
    public static Socket Bind(IPEndPoint endPoint, SocketType type, bool reusePort)
    {
        // Only if it is told that this is TCP does .NET let the socket bind beside connections in TIME_WAIT.
        var protocol = type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp;
        var socket = new Socket(endPoint.AddressFamily, type, protocol);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            if (reusePort)
            {
                SetReusePort(socket);
            }

            socket.Bind(endPoint);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Lets sockets that have the option too share the port. Linux only.</summary>
    public static void SetReusePort(Socket socket) =>
        socket.SetRawSocketOption(LinuxSocketLevel, LinuxReusePort, BitConverter.GetBytes(1));

    public static void Listen(Socket socket) => socket.Listen(Backlog);
}
