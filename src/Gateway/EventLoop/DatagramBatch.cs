using System.Runtime.InteropServices;

namespace Gateway.EventLoop;

/// <summary>Memory for the datagrams of one recvmmsg. Not thread-safe.</summary>
/// <remarks>With a socket bound to all addresses of the machine, the address a datagram came to is told by a control message
/// (<see cref="PacketInfo"/>).</remarks>
internal sealed unsafe class DatagramBatch : IDisposable
{
    /// <summary>Datagrams it holds at most.</summary>
    public const int Capacity = 32;

    // A power of two would have all of them begin in the same few lines of the processor's cache.
    private const int LargestDatagram = (64 * 1024) + 64;

    private readonly byte* _bytes = (byte*)NativeMemory.Alloc(Capacity * LargestDatagram);
    private readonly byte* _control = (byte*)NativeMemory.AllocZeroed(Capacity * PacketInfo.Size);
    private readonly NativeAddress* _addresses = (NativeAddress*)NativeMemory.AllocZeroed(Capacity * (nuint)sizeof(NativeAddress));
    private readonly DatagramPart* _parts = (DatagramPart*)NativeMemory.AllocZeroed(Capacity * (nuint)sizeof(DatagramPart));
    private readonly DatagramHeader* _headers = (DatagramHeader*)NativeMemory.AllocZeroed(Capacity * (nuint)sizeof(DatagramHeader));

    // Of so many headers the kernel has changed what it was told.
    private int _used = Capacity;

    public DatagramBatch()
    {
        for (var i = 0; i < Capacity; i++)
        {
            _parts[i] = new DatagramPart { Bytes = _bytes + (i * LargestDatagram), Length = LargestDatagram };
            _headers[i] = new DatagramHeader
            {
                Address = _addresses + i,
                Parts = _parts + i,
                PartCount = 1,
                Control = _control + (i * PacketInfo.Size),
            };
        }
    }

    /// <summary>Receives what waits, up to <see cref="Capacity"/>; -1 when nothing does, or on an error.</summary>
    public int Receive(int fd)
    {
        for (var i = 0; i < _used; i++)
        {
            _headers[i].AddressLength = NativeAddress.MaxLength;
            _headers[i].ControlLength = PacketInfo.Size;
        }

        var count = Libc.ReceiveMany(fd, _headers, Capacity, Libc.MessageDoNotWait, null);
        _used = Math.Max(count, 1);
        return count;
    }

    public byte* Bytes(int index) => _parts[index].Bytes;

    public int Length(int index) => (int)_headers[index].Length;

    /// <summary>Where the datagram came from.</summary>
    public NativeAddress Sender(int index) => _addresses[index];

    /// <summary>The address of this machine it was sent to, if the socket was told to say; the port is not set.</summary>
    public NativeAddress Local(int index) => PacketInfo.Read(_headers[index].Control, _headers[index].ControlLength);

    public void Dispose()
    {
        NativeMemory.Free(_bytes);
        NativeMemory.Free(_control);
        NativeMemory.Free(_addresses);
        NativeMemory.Free(_parts);
        NativeMemory.Free(_headers);
    }
}
