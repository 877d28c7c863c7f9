using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Gateway.Kernel;

/// <summary>Sends whole Ethernet frames; see packet(7). Needs the capability NET_RAW.</summary>
internal static unsafe partial class PacketSocket
{
    private const int FamilyPacket = 17;
    private const int RawCloseOnExec = 3 | 0x80000;
    private const int AddressLength = 20;

    /// <summary>Sends a frame; returns why it could not, null when it could.</summary>
    public static string? Send(int device, ReadOnlySpan<byte> frame)
    {
        var descriptor = CreateSocket(FamilyPacket, RawCloseOnExec, 0);
        if (descriptor < 0)
        {
            return new Win32Exception(Marshal.GetLastPInvokeError()).Message;
        }

        Span<byte> address = stackalloc byte[AddressLength];
        address.Clear();
        BitConverter.TryWriteBytes(address, (ushort)FamilyPacket);
        frame[12..14].CopyTo(address[2..]);
        BitConverter.TryWriteBytes(address[4..], device);
        address[11] = Announcement.LinkAddressLength;
        frame[..Announcement.LinkAddressLength].CopyTo(address[12..]);
        fixed (byte* bytes = frame, to = address)
        {
            var sent = SendTo(descriptor, bytes, frame.Length, 0, to, AddressLength);
            var error = sent < 0 ? new Win32Exception(Marshal.GetLastPInvokeError()).Message : null;
            _ = Close(descriptor);
            return error;
        }
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int CreateSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    private static partial nint SendTo(int descriptor, byte* bytes, nint length, int flags, byte* address, int addressLength);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
