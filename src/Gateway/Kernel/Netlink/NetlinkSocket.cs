using System.Runtime.InteropServices;

namespace Gateway.Kernel.Netlink;

/// <summary>A netlink socket: sends requests to the kernel and takes its answers. Not for several threads at once.</summary>
/// <remarks>Source: netlink(7), include/uapi/linux/netlink.h. The kernel works on a request while it is being sent, so that
/// all answers to it wait in the queue when the sending returns.</remarks>
internal sealed unsafe partial class NetlinkSocket : IDisposable
{
    public const int Route = 0;
    public const int Netfilter = 12;

    private const int FamilyNetlink = 16;
    private const int RawCloseOnExec = 3 | 0x80000;
    private const int DoNotWait = 0x40;
    private const int LevelSocket = 1;
    private const int LevelNetlink = 270;
    private const int SendBufferForce = 32;
    private const int ReceiveBufferForce = 33;
    private const int CapAcknowledgements = 10;
    private const int ExtendedAcknowledgements = 11;

    /// <summary>A transaction is one message of the socket, so the buffer bounds it; the kernel takes the memory only while
    /// it is used. Setting more than the system's limit needs CAP_NET_ADMIN.</summary>
    private const int BufferBytes = 64 << 20;

    private readonly byte[] _received = new byte[1 << 18];
    private readonly int _descriptor;
    private uint _sequence;
    private bool _disposed;

    /// <param name="protocol">Which part of the kernel to talk to.</param>
    /// <param name="groups">What announcements to take, a bit each. The queue of a socket that takes any stays as long as
    /// the system makes it.</param>
    /// <exception cref="NetlinkException">There is no such socket here.</exception>
    public NetlinkSocket(int protocol, uint groups = 0)
    {
        _descriptor = CreateSocket(FamilyNetlink, RawCloseOnExec, protocol);
        if (_descriptor < 0)
        {
            throw new NetlinkException(Marshal.GetLastPInvokeError(), "opening a netlink socket");
        }

        var address = stackalloc byte[12];
        new Span<byte>(address, 12).Clear();
        address[0] = FamilyNetlink;
        *(uint*)(address + 8) = groups;
        if (Bind(_descriptor, address, 12) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            Dispose();
            throw new NetlinkException(error, "binding a netlink socket");
        }

        if (groups != 0)
        {
            return;
        }

        // Without the capability the sizes stay as they are, and what is too large for them is refused with its reason.
        SetOption(LevelSocket, SendBufferForce, BufferBytes);
        SetOption(LevelSocket, ReceiveBufferForce, BufferBytes);
        SetOption(LevelNetlink, CapAcknowledgements, 1);
        SetOption(LevelNetlink, ExtendedAcknowledgements, 1);
    }

    /// <summary>A number that no other request of this socket has.</summary>
    public uint NextSequence() => ++_sequence;

    public void Send(ReadOnlySpan<byte> messages, string what)
    {
        fixed (byte* bytes = messages)
        {
            if (SendBytes(_descriptor, bytes, messages.Length, 0) < 0)
            {
                throw new NetlinkException(Marshal.GetLastPInvokeError(), what);
            }
        }
    }

    /// <summary>Takes what the kernel has answered, message by message, until <paramref name="take"/> returns false or
    /// nothing is left.</summary>
    /// <param name="take">Called with each whole message.</param>
    /// <param name="wait">Whether to wait for more when nothing is left.</param>
    /// <param name="what">What was asked, for the error.</param>
    public void Receive(NetlinkReader take, bool wait, string what)
    {
        while (true)
        {
            nint count;
            fixed (byte* bytes = _received)
            {
                count = ReceiveBytes(_descriptor, bytes, _received.Length, wait ? 0 : DoNotWait);
            }

            if (count < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error == NetlinkException.Interrupted)
                {
                    continue;
                }

                if (!wait && error == 11)
                {
                    return;
                }

                throw new NetlinkException(error, what);
            }

            for (var at = 0; at + NetlinkMessage.HeaderLength <= count;)
            {
                var message = new NetlinkMessage(_received.AsSpan(at));
                if (!take(message))
                {
                    return;
                }

                at += (message.Length + 3) & ~3;
            }
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _ = CloseDescriptor(_descriptor);
        }
    }

    private void SetOption(int level, int option, int value) => _ = SetOption(_descriptor, level, option, &value, sizeof(int));

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int CreateSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(int descriptor, byte* address, int length);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint SendBytes(int descriptor, byte* bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint ReceiveBytes(int descriptor, byte* bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(int descriptor, int level, int option, int* value, int length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseDescriptor(int descriptor);
}

/// <summary>Takes one message; false when no more is wanted.</summary>
internal delegate bool NetlinkReader(NetlinkMessage message);
