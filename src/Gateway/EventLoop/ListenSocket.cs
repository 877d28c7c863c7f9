using System.Net;
using System.Net.Sockets;

namespace Gateway.EventLoop;

/// <summary>Opens listening sockets.</summary>
/// <remarks>
/// <see cref="SocketOptionName.ReuseAddress"/> stays off: on Linux .NET turns it into SO_REUSEPORT as well, and two
/// programs would share the connections without a word. A port in TIME_WAIT can be bound nevertheless. An IPv6 socket
/// takes IPv6 only, so that <c>[::]:25</c> and <c>0.0.0.0:25</c> can both be listened on, unless it is asked to take both.
/// </remarks>
internal static class ListenSocket
{
    // Linux cuts it to net.core.somaxconn, 4096 by default.
    private const int Backlog = 65535;

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

    /// <summary>Binds as many sockets to one address, which nobody else can share; throws <see cref="SocketException"/>.
    /// Linux only.</summary>
    /// <remarks>
    /// The first socket binds without SO_REUSEPORT, which fails if anybody else is there, and gets the option
    /// afterwards; only then can the others join it. With the option on from the start, a second program of the same
    /// user would be let in as well, and each would silently get a part of the connections.
    /// </remarks>
    public static IReadOnlyList<Socket> BindAll(IPEndPoint endPoint, SocketType type, int count, bool isDual = false)
    {
        var sockets = new List<Socket> { Bind(endPoint, type, reusePort: false, isDual) };
        try
        {
            SetReusePort(sockets[0]);
            while (sockets.Count < count)
            {
                sockets.Add(Bind((IPEndPoint)sockets[0].LocalEndPoint!, type, reusePort: true, isDual));
            }

            sockets.ForEach(socket => socket.Blocking = false);
            return sockets;
        }
        catch (SocketException)
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    public static void Listen(Socket socket) => socket.Listen(Backlog);

    /// <summary>Stops to listen, and closes, unless that was done before.</summary>
    /// <remarks>A program that is being started, by a probe or a hook, has a copy of every descriptor until it has become itself. Closing
    /// alone would leave that copy listening, and a client that comes just then would be taken in by nobody.</remarks>
    public static void Close(Socket socket)
    {
        // The number of a descriptor that is closed already may be another's.
        if (OperatingSystem.IsLinux() && socket is { SocketType: SocketType.Stream, SafeHandle.IsClosed: false })
        {
            _ = Libc.Shutdown((int)socket.Handle, Libc.ShutdownRead);
        }

        socket.Dispose();
    }

    private static Socket Bind(IPEndPoint endPoint, SocketType type, bool reusePort, bool isDual = false)
    {
        // Only if it is told that this is TCP does .NET let the socket bind beside connections in TIME_WAIT.
        var protocol = type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp;
        var socket = new Socket(endPoint.AddressFamily, type, protocol);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = isDual;
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
    private static void SetReusePort(Socket socket) =>
        socket.SetRawSocketOption(Libc.LevelSocket, Libc.OptionReusePort, BitConverter.GetBytes(1));
}
