using System.Runtime.CompilerServices;

namespace Gateway.EventLoop;

/// <summary>The control message that tells to which address of this machine a datagram came (IP_PKTINFO, IPV6_PKTINFO), and
/// from which one is to leave: an answer from another address than was asked is none to the client.</summary>
/// <remarks>struct cmsghdr is a 64-bit length, level and type; then in_pktinfo (interface, local address, header address) or
/// in6_pktinfo (address, interface).</remarks>
internal static unsafe class PacketInfo
{
    /// <summary>Room for one.</summary>
    public const int Size = 64;

    private const int Header = 16;
    private const int Info4 = 12;
    private const int Info6 = 20;
    private const int Align = sizeof(ulong) - 1;

    /// <summary>The address; none when the socket was not told to say it. The port is not set.</summary>
    public static NativeAddress Read(byte* control, nuint length)
    {
        if (length < Header)
        {
            return default;
        }

        var level = Unsafe.ReadUnaligned<int>(control + 8);
        var type = Unsafe.ReadUnaligned<int>(control + 12);
        var data = control + Header;
        return (level, type) switch
        {
            (Libc.LevelIP, Libc.IPPacketInfo) => NativeAddress.FromBytes(new ReadOnlySpan<byte>(data + 4, 4)),
            (Libc.LevelIPv6, Libc.IPv6PacketInfo) => NativeAddress.FromBytes(new ReadOnlySpan<byte>(data, 16)),
            _ => default,
        };
    }

    /// <summary>Writes the address to leave from; returns the length, 0 when there is none.</summary>
    public static nuint Write(byte* control, in NativeAddress local)
    {
        if (local.IsNone)
        {
            return 0;
        }

        new Span<byte>(control, Size).Clear();
        var is4 = local.Family == Libc.FamilyInterNetwork;
        var length = Header + (is4 ? Info4 : Info6);
        Unsafe.WriteUnaligned(control, (ulong)length);
        Unsafe.WriteUnaligned(control + 8, is4 ? Libc.LevelIP : Libc.LevelIPv6);
        Unsafe.WriteUnaligned(control + 12, is4 ? Libc.IPPacketInfo : Libc.IPv6PacketInfo);
        local.CopyBytes(new Span<byte>(control + Header + (is4 ? 4 : 0), 16));
        return (nuint)((length + Align) & ~Align);
    }
}
