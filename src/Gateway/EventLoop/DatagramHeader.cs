using System.Runtime.InteropServices;

namespace Gateway.EventLoop;

/// <summary>One datagram of recvmmsg and sendmmsg: struct mmsghdr on a 64-bit system.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal unsafe struct DatagramHeader
{
    [FieldOffset(0)] public NativeAddress* Address;
    [FieldOffset(8)] public uint AddressLength;
    [FieldOffset(16)] public DatagramPart* Parts;
    [FieldOffset(24)] public nuint PartCount;
    [FieldOffset(32)] public byte* Control;
    [FieldOffset(40)] public nuint ControlLength;
    [FieldOffset(48)] public int Flags;

    /// <summary>Bytes that were received.</summary>
    [FieldOffset(56)] public uint Length;
}

/// <summary>A piece of memory of a datagram: struct iovec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DatagramPart
{
    public byte* Bytes;
    public nuint Length;
}
