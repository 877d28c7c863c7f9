using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.EventLoop;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>What both sides of a relayed connection have in common as sockets.</summary>
internal static class RelaySocket
{
    public static bool IsUdp(VirtualServerOptions options) =>
        string.Equals(options.Protocol, "udp", StringComparison.OrdinalIgnoreCase);

    /// <summary>The flow of an accepted connection; IPv4 addresses in IPv6 form become IPv4, which schedulers and
    /// persistence group by.</summary>
    public static Flow ToFlow(IPEndPoint client, IPEndPoint local) =>
        new(Unmap(client.Address), client.Port, Unmap(local.Address), local.Port);

    /// <summary>Sends small writes at once, and takes urgent data (RFC 6093) as the bytes they are, in their place.</summary>
    public static void Configure(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.OutOfBandInline, true);
    }

    /// <summary>Finds out when the other end is gone.</summary>
    public static void KeepAlive(Socket socket, VirtualServerOptions options)
    {
        var keepAlive = options.KeepAlive > TimeSpan.Zero;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, keepAlive);
        if (keepAlive)
        {
            socket.SetSocketOption(
                SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)options.KeepAlive.TotalSeconds);
            socket.SetSocketOption(
                SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, VirtualServerOptions.KeepAliveInterval);
            socket.SetSocketOption(
                SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, VirtualServerOptions.KeepAliveRetries);
        }
    }

    /// <summary>Ends the reading half of a socket whose stream has ended; false when it is no longer connected, which is how
    /// a socket that was reset differs from one that was closed.</summary>
    /// <remarks>
    /// <see cref="Socket.Shutdown"/> cannot tell: on Unix it takes ENOTCONN for a success on every socket that was once
    /// connected. Windows tells a reset as often as it is asked, so that nothing is hidden there.
    /// </remarks>
    public static bool TryEndReading(Socket socket)
    {
        if (OperatingSystem.IsLinux())
        {
            return Libc.Shutdown((int)socket.Handle, Libc.ShutdownRead) == 0;
        }

        try
        {
            socket.Shutdown(SocketShutdown.Receive);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Binds a bare Linux socket that is to be connected to the address it comes from; returns 0, or the
    /// error.</summary>
    /// <param name="fd">The socket.</param>
    /// <param name="source">The address.</param>
    /// <param name="isForeign">Whether it is somebody else's, which takes the capability NET_ADMIN.</param>
    /// <remarks>The port is chosen when the other end is known: until then one port would serve one connection only.</remarks>
    public static unsafe int BindSource(int fd, IPAddress source, bool isForeign)
    {
        var address = new NativeAddress(source, 0);
        if (isForeign)
        {
            var (level, option) = address.Family == Libc.FamilyInterNetwork
                ? (Libc.LevelIP, Libc.IPTransparent) : (Libc.LevelIPv6, Libc.IPv6Transparent);
            if (Libc.SetOption(fd, level, option, 1) != 0)
            {
                return Libc.Errno;
            }
        }

        _ = Libc.SetOption(fd, Libc.LevelIP, Libc.IPBindAddressNoPort, 1);
        return Libc.Bind(fd, &address, address.Length) == 0 ? 0 : Libc.Errno;
    }

    /// <summary>How long sent bytes may go without acknowledgement.</summary>
    public static void SetUserTimeout(int fd, VirtualServerOptions options)
    {
        if (options.UserTimeout > TimeSpan.Zero)
        {
            _ = Libc.SetOption(fd, Libc.LevelTcp, Libc.TcpUserTimeout, (int)options.UserTimeout.TotalMilliseconds);
        }
    }

    /// <summary>Finds out when the other end is gone, for a bare Linux socket.</summary>
    public static void KeepAlive(int fd, VirtualServerOptions options)
    {
        if (options.KeepAlive > TimeSpan.Zero)
        {
            _ = Libc.SetOption(fd, Libc.LevelSocket, Libc.OptionKeepAlive, 1);
            _ = Libc.SetOption(fd, Libc.LevelTcp, Libc.TcpKeepIdle, (int)options.KeepAlive.TotalSeconds);
            _ = Libc.SetOption(fd, Libc.LevelTcp, Libc.TcpKeepInterval, VirtualServerOptions.KeepAliveInterval);
            _ = Libc.SetOption(fd, Libc.LevelTcp, Libc.TcpKeepCount, VirtualServerOptions.KeepAliveRetries);
        }
    }

    /// <summary>Whether there was no local port left towards a destination, which may be there towards another. UDP says so
    /// with an error of its own (inet_autobind in net/ipv4/af_inet.c).</summary>
    public static bool IsOutOfPorts(int error) => error is Libc.ErrorAddressNotAvailable or Libc.ErrorAgain;

    /// <summary>The same as <see cref="Libc.IsOutOfResources"/> for a .NET socket.</summary>
    public static bool IsOutOfResources(SocketError error) =>
        error is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;

    public static FailureReason ToFailure(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => FailureReason.ConnectRefused,
        SocketError.TimedOut => FailureReason.ConnectTimeout,
        _ => FailureReason.ConnectError,
    };

    private static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
