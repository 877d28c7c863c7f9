using System.Runtime.InteropServices;

namespace Gateway.EventLoop;

/// <summary>The system calls the event loop makes, all of them, and the numbers they take. Linux on x64 and arm64.</summary>
/// <remarks>
/// Calls on non-blocking descriptors take a few microseconds at most and therefore skip the transition that lets the
/// garbage collector run meanwhile. splice, recvmmsg and sendmmsg may move a megabyte and epoll_wait sleeps: they do
/// not skip it. After a call that returned -1 the reason is <see cref="Errno"/>, to be read before the next call.
/// </remarks>
internal static unsafe partial class Libc
{
    public const int FamilyInterNetwork = 2;
    public const int FamilyInterNetworkV6 = 10;
    public const int SocketStream = 1;
    public const int SocketDatagram = 2;
    public const int SocketNonBlocking = 0x800;
    public const int SocketCloseOnExec = 0x80000;

    public const int LevelIP = 0;
    public const int LevelSocket = 1;
    public const int LevelTcp = 6;
    public const int LevelIPv6 = 41;
    public const int OptionError = 4;
    public const int OptionKeepAlive = 9;
    public const int OptionUrgentInline = 10;
    public const int OptionLinger = 13;
    public const int OptionReusePort = 15;
    public const int TcpNoDelay = 1;
    public const int TcpKeepIdle = 4;
    public const int TcpKeepInterval = 5;
    public const int TcpKeepCount = 6;
    public const int TcpDeferAccept = 9;
    public const int TcpQuickAck = 12;

    public const int TcpUserTimeout = 18;
    public const int TcpNotSentLowWater = 25;

    public const int IPTransparent = 19;
    public const int IPBindAddressNoPort = 24;
    public const int IPv6Transparent = 75;
    public const int IPPacketInfo = 8;
    public const int IPv6ReceivePacketInfo = 49;
    public const int IPv6PacketInfo = 50;

    private const nuint OutputQueue = 0x5411;
    private const nuint InputQueue = 0x541B;

    public const int MessagePeek = 2;
    public const int MessageDoNotWait = 0x40;
    public const int MessageNoSignal = 0x4000;
    public const int MessageMore = 0x8000;
    public const int ShutdownRead = 0;
    public const int ShutdownWrite = 1;
    public const uint SpliceMoveNonBlocking = 1 | 2;
    public const int DuplicateCloseOnExec = 1030;
    public const int SetPipeSize = 1031;
    public const int PipeNonBlockingCloseOnExec = 0x800 | 0x80000;

    public const uint EpollIn = 1;
    public const uint EpollUrgent = 2;
    public const uint EpollOut = 4;
    public const uint EpollError = 8;
    public const uint EpollHangup = 0x10;
    public const uint EpollReadHangup = 0x2000;
    public const uint EpollEdge = 1u << 31;
    public const int EpollAdd = 1;
    public const int EpollDelete = 2;
    public const int EpollModify = 3;
    public const int EpollCloseOnExec = 0x80000;
    public const int EventNonBlockingCloseOnExec = 0x800 | 0x80000;

    public const int LimitOfFiles = 7;

    public const int ErrorInterrupted = 4;
    public const int ErrorAgain = 11;
    public const int ErrorOutOfMemory = 12;
    public const int ErrorInvalid = 22;
    public const int ErrorFilesInSystem = 23;
    public const int ErrorFilesInProcess = 24;
    public const int ErrorNoSpace = 28;
    public const int ErrorAddressNotAvailable = 99;
    public const int ErrorNetworkUnreachable = 101;
    public const int ErrorNoBuffers = 105;
    public const int ErrorTimedOut = 110;
    public const int ErrorConnectionRefused = 111;
    public const int ErrorHostUnreachable = 113;
    public const int ErrorInProgress = 115;

    private const string Library = "libc";

    /// <summary>Why the last call on this thread failed.</summary>
    public static int Errno => Marshal.GetLastSystemError();

    [LibraryImport(Library, EntryPoint = "recv"), SuppressGCTransition]
    public static partial nint Receive(int fd, byte* buffer, nint length, int flags);

    [LibraryImport(Library, EntryPoint = "send"), SuppressGCTransition]
    public static partial nint Send(int fd, byte* buffer, nint length, int flags);

    [LibraryImport(Library, EntryPoint = "splice")]
    public static partial nint Splice(
        int source, long* sourceOffset, int target, long* targetOffset, nint length, uint flags);

    [LibraryImport(Library, EntryPoint = "recvmmsg")]
    public static partial int ReceiveMany(int fd, DatagramHeader* messages, uint count, int flags, void* timeout);

    [LibraryImport(Library, EntryPoint = "sendmmsg")]
    public static partial int SendMany(int fd, DatagramHeader* messages, uint count, int flags);

    [LibraryImport(Library, EntryPoint = "accept4"), SuppressGCTransition]
    public static partial int Accept(int fd, NativeAddress* address, uint* addressLength, int flags);

    [LibraryImport(Library, EntryPoint = "socket"), SuppressGCTransition]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "connect"), SuppressGCTransition]
    public static partial int Connect(int fd, NativeAddress* address, uint addressLength);

    [LibraryImport(Library, EntryPoint = "bind"), SuppressGCTransition]
    public static partial int Bind(int fd, NativeAddress* address, uint addressLength);

    [LibraryImport(Library, EntryPoint = "getsockname"), SuppressGCTransition]
    public static partial int LocalAddress(int fd, NativeAddress* address, uint* addressLength);

    [LibraryImport(Library, EntryPoint = "shutdown"), SuppressGCTransition]
    public static partial int Shutdown(int fd, int how);

    [LibraryImport(Library, EntryPoint = "close"), SuppressGCTransition]
    public static partial int Close(int fd);

    [LibraryImport(Library, EntryPoint = "setsockopt"), SuppressGCTransition]
    public static partial int SetOption(int fd, int level, int option, void* value, uint length);

    [LibraryImport(Library, EntryPoint = "getsockopt"), SuppressGCTransition]
    public static partial int GetOption(int fd, int level, int option, void* value, uint* length);

    [LibraryImport(Library, EntryPoint = "pipe2"), SuppressGCTransition]
    public static partial int Pipe(int* ends, int flags);

    [LibraryImport(Library, EntryPoint = "fcntl"), SuppressGCTransition]
    public static partial int Control(int fd, int command, nint value);

    [LibraryImport(Library, EntryPoint = "ioctl"), SuppressGCTransition]
    private static partial int DeviceControl(int fd, nuint request, int* value);

    /// <summary>Reads struct rlimit: the limit that holds, then the one it may be raised to.</summary>
    [LibraryImport(Library, EntryPoint = "getrlimit"), SuppressGCTransition]
    public static partial int GetLimit(int resource, ulong* limits);

    [LibraryImport(Library, EntryPoint = "eventfd"), SuppressGCTransition]
    public static partial int Event(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "write"), SuppressGCTransition]
    public static partial nint Write(int fd, void* buffer, nint length);

    [LibraryImport(Library, EntryPoint = "epoll_create1"), SuppressGCTransition]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl"), SuppressGCTransition]
    public static partial int EpollControl(int epoll, int operation, int fd, byte* @event);

    [LibraryImport(Library, EntryPoint = "epoll_wait")]
    public static partial int EpollWait(int epoll, byte* events, int count, int timeoutMilliseconds);

    /// <summary>Sets a socket option that is an int.</summary>
    public static int SetOption(int fd, int level, int option, int value) =>
        SetOption(fd, level, option, &value, sizeof(int));

    /// <summary>Has closing the socket send RST, whatever it still holds.</summary>
    public static void ResetAtClose(int fd)
    {
        // struct linger, on and zero seconds.
        var linger = stackalloc int[] { 1, 0 };
        _ = SetOption(fd, LevelSocket, OptionLinger, linger, 2 * sizeof(int));
    }

    /// <summary>Bytes that the other side of a TCP connection has not acknowledged, those not sent yet among them; -1 when that
    /// cannot be told (SIOCOUTQ, tcp(7)).</summary>
    public static int Unsent(int fd)
    {
        int bytes;
        return DeviceControl(fd, OutputQueue, &bytes) == 0 ? bytes : -1;
    }

    /// <summary>Bytes that have come and were not received; 0 when that cannot be told (FIONREAD, tcp(7)).</summary>
    public static int Unread(int fd)
    {
        int bytes;
        return DeviceControl(fd, InputQueue, &bytes) == 0 ? bytes : 0;
    }

    /// <summary>Whether a socket could not be opened, accepted or watched for want of descriptors or memory, which says nothing of the
    /// other side and passes when others are closed.</summary>
    public static bool IsOutOfResources(int error) =>
        error is ErrorFilesInProcess or ErrorFilesInSystem or ErrorNoBuffers or ErrorOutOfMemory or ErrorNoSpace;

    /// <summary>Takes the pending error off a socket; 0 is none.</summary>
    public static int TakeError(int fd)
    {
        int error;
        uint length = sizeof(int);
        return GetOption(fd, LevelSocket, OptionError, &error, &length) == 0 ? error : Errno;
    }
}
