using System.Net.Sockets;

namespace Gateway.EventLoop;

/// <summary>The file descriptors of the process, the last of which connections must not have. All members may be called from
/// any thread.</summary>
/// <remarks>.NET ends the process when it cannot open a file of its own. The kernel always gives the lowest free number, so
/// whoever gets a number of the reserve knows that nothing else is left.</remarks>
internal static unsafe class Descriptors
{
    private const int Reserve = 64;

    // Where there is no limit, or none that can be asked for.
    private const int NoLimit = 1 << 20;

    /// <summary>How many the process may have (RLIMIT_NOFILE).</summary>
    public static ulong Limit
    {
        get
        {
            var limits = stackalloc ulong[2];
            return OperatingSystem.IsLinux() && Libc.GetLimit(Libc.LimitOfFiles, limits) == 0 ? limits[0] : NoLimit;
        }
    }

    private static int FirstReserved { get; } = (int)Math.Clamp((long)Limit - Reserve, Reserve, int.MaxValue);

    /// <summary>Whether a descriptor is one of those that are left to the rest of the process.</summary>
    public static bool IsReserved(int fd) => fd >= FirstReserved;

    /// <summary>The same for a .NET socket.</summary>
    public static bool IsReserved(Socket socket) => OperatingSystem.IsLinux() && IsReserved((int)socket.Handle);

    /// <summary>Whether a descriptor that a client was accepted with is of the second half of the reserve. One of the first
    /// half it may keep, and others are then not accepted; but there are many listeners, and each finds out by
    /// itself.</summary>
    public static bool IsOfLast(int fd) => fd >= FirstReserved + (Reserve / 2);

    /// <summary>The same for a .NET socket.</summary>
    public static bool IsOfLast(Socket socket) => OperatingSystem.IsLinux() && IsOfLast((int)socket.Handle);

    /// <summary>Whether the next descriptor is one that connections may have. Linux only.</summary>
    /// <param name="fd">Any that is open.</param>
    public static bool HasRoom(int fd)
    {
        var next = Libc.Control(fd, Libc.DuplicateCloseOnExec, 0);
        if (next < 0)
        {
            return false;
        }

        _ = Libc.Close(next);
        return !IsReserved(next);
    }

    /// <summary>The same for who has none at hand.</summary>
    public static bool HasRoom()
    {
        var next = OpenSocket(Libc.FamilyInterNetwork, Libc.SocketStream, out _);
        if (next < 0)
        {
            return false;
        }

        _ = Libc.Close(next);
        return true;
    }

    /// <summary>Opens a .NET socket for a TCP connection, on which small writes do not wait for others.</summary>
    /// <param name="family">The family of addresses; null is both.</param>
    /// <exception cref="SocketException">There is none to be had, or only one of the reserve.</exception>
    public static Socket OpenStream(AddressFamily? family)
    {
        var socket = family is { } one
            ? new Socket(one, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        if (IsReserved(socket))
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }

        socket.NoDelay = true;
        return socket;
    }

    /// <summary>Opens a socket that lets nobody wait; -1 with the error when there is none to be had, or only one of the
    /// reserve. Linux only.</summary>
    /// <param name="family">The family of addresses.</param>
    /// <param name="type">Stream or datagrams.</param>
    /// <param name="error">0, or the error.</param>
    public static int OpenSocket(int family, int type, out int error)
    {
        var fd = Libc.Socket(family, type | Libc.SocketNonBlocking | Libc.SocketCloseOnExec, protocol: 0);
        error = fd < 0 ? Libc.Errno : 0;
        if (fd >= 0 && IsReserved(fd))
        {
            _ = Libc.Close(fd);
            error = Libc.ErrorFilesInProcess;
        }

        return error == 0 ? fd : -1;
    }
}
