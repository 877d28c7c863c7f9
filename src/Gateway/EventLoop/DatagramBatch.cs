using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gateway.EventLoop;

/// <summary>Memory for the datagrams of one recvmmsg, which can be passed on with one sendmmsg. Not thread-safe.</summary>
/// <remarks>
/// With a socket bound to all addresses of the machine, the address a datagram came to is told by a control message
/// (IP_PKTINFO, IPV6_PKTINFO), and the answer must name it again, or it leaves from another address and the client does
/// not know it. struct cmsghdr is a 64-bit length, level and type; then in_pktinfo (interface, local address, header
/// address) or in6_pktinfo (address, interface).
/// </remarks>
internal sealed unsafe class DatagramBatch : IDisposable
{
    /// <summary>Datagrams it holds at most.</summary>
    public const int Capacity = 32;

    private const int LargestDatagram = 64 * 1024;
    private const int ControlSize = 64;
    private const int ControlHeader = 16;
    private const int Info4 = 12;
    private const int Info6 = 20;
    private const int Align = sizeof(ulong) - 1;

    private readonly byte* _bytes = (byte*)NativeMemory.Alloc(Capacity * LargestDatagram);
    private readonly byte* _control = (byte*)NativeMemory.AllocZeroed(Capacity * ControlSize);
    private readonly NativeAddress* _addresses = (NativeAddress*)NativeMemory.AllocZeroed(Capacity * (nuint)sizeof(NativeAddress));
    private readonly DatagramPart* _parts = (DatagramPart*)NativeMemory.AllocZeroed(Capacity * (nuint)sizeof(DatagramPart));
    private readonly DatagramHeader* _headers = (DatagramHeader*)NativeMemory.AllocZeroed(Capacity * (nuint)sizeof(DatagramHeader));

    /// <summary>Receives what waits, up to <see cref="Capacity"/>; -1 when nothing does, or on an error.</summary>
    public int Receive(int fd)
    {
        for (var i = 0; i < Capacity; i++)
        {
            _parts[i] = new DatagramPart { Bytes = _bytes + (i * LargestDatagram), Length = LargestDatagram };
            _headers[i] = new DatagramHeader
            {
                Address = _addresses + i,
                AddressLength = NativeAddress.MaxLength,
                Parts = _parts + i,
                PartCount = 1,
                Control = _control + (i * ControlSize),
                ControlLength = ControlSize,
            };
        }

        return Libc.ReceiveMany(fd, _headers, Capacity, Libc.MessageDoNotWait, null);
    }

    public byte* Bytes(int index) => _parts[index].Bytes;

    public int Length(int index) => (int)_headers[index].Length;

    /// <summary>Where the datagram came from.</summary>
    public NativeAddress Sender(int index) => _addresses[index];

    /// <summary>The address of this machine it was sent to, if the socket was told to say; the port is not set.</summary>
    public NativeAddress Local(int index)
    {
        ref var header = ref _headers[index];
        if (header.ControlLength < ControlHeader)
        {
            return default;
        }

        var level = Unsafe.ReadUnaligned<int>(header.Control + 8);
        var type = Unsafe.ReadUnaligned<int>(header.Control + 12);
        var data = header.Control + ControlHeader;
        return (level, type) switch
        {
            (Libc.LevelIP, Libc.IPPacketInfo) => NativeAddress.FromBytes(new ReadOnlySpan<byte>(data + 4, 4)),
            (Libc.LevelIPv6, Libc.IPv6PacketInfo) => NativeAddress.FromBytes(new ReadOnlySpan<byte>(data, 16)),
            _ => default,
        };
    }

    /// <summary>Passes the first <paramref name="count"/> datagrams on to <paramref name="target"/>, from
    /// <paramref name="local"/> if it is set; returns how many were, or -1.</summary>
    public int Send(int fd, int count, NativeAddress target, NativeAddress local)
    {
        var control = stackalloc byte[ControlSize];
        var controlLength = WriteControl(control, local);
        for (var i = 0; i < count; i++)
        {
            _parts[i].Length = _headers[i].Length;
            _headers[i].Address = &target;
            _headers[i].AddressLength = target.Length;
            _headers[i].Control = controlLength == 0 ? null : control;
            _headers[i].ControlLength = controlLength;
        }

        return Libc.SendMany(fd, _headers, (uint)count, Libc.MessageDoNotWait | Libc.MessageNoSignal);
    }

    public void Dispose()
    {
        NativeMemory.Free(_bytes);
        NativeMemory.Free(_control);
        NativeMemory.Free(_addresses);
        NativeMemory.Free(_parts);
        NativeMemory.Free(_headers);
    }

    private static nuint WriteControl(byte* control, NativeAddress local)
    {
        if (local.IsNone)
        {
            return 0;
        }

        new Span<byte>(control, ControlSize).Clear();
        var is4 = local.Family == Libc.FamilyInterNetwork;
        var length = ControlHeader + (is4 ? Info4 : Info6);
        Unsafe.WriteUnaligned(control, (ulong)length);
        Unsafe.WriteUnaligned(control + 8, is4 ? Libc.LevelIP : Libc.LevelIPv6);
        Unsafe.WriteUnaligned(control + 12, is4 ? Libc.IPPacketInfo : Libc.IPv6PacketInfo);
        local.CopyBytes(new Span<byte>(control + ControlHeader + (is4 ? 4 : 0), 16));
        return (nuint)((length + Align) & ~Align);
    }
}
