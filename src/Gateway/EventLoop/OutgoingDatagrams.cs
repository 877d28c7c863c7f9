using System.Runtime.InteropServices;

namespace Gateway.EventLoop;

/// <summary>Datagrams that leave one socket together, with one sendmmsg, in the order in which they were added. Not
/// thread-safe.</summary>
internal sealed unsafe class OutgoingDatagrams : IDisposable
{
    /// <summary>Datagrams it holds at most.</summary>
    public const int Capacity = 64;

    // Of common size, as many as it holds. The largest has room in an empty one.
    private const int BufferSize = 96 * 1024;

    private readonly byte* _bytes = (byte*)NativeMemory.Alloc(BufferSize);
    private readonly byte* _control = (byte*)NativeMemory.AllocZeroed(Capacity * PacketInfo.Size);
    private readonly NativeAddress* _targets = (NativeAddress*)NativeMemory.AllocZeroed(Capacity * (nuint)sizeof(NativeAddress));
    private readonly DatagramPart* _parts = (DatagramPart*)NativeMemory.AllocZeroed(Capacity * (nuint)sizeof(DatagramPart));
    private readonly DatagramHeader* _headers = (DatagramHeader*)NativeMemory.AllocZeroed(Capacity * (nuint)sizeof(DatagramHeader));
    private int _first;
    private int _end;
    private int _used;

    public OutgoingDatagrams()
    {
        for (var i = 0; i < Capacity; i++)
        {
            _headers[i] = new DatagramHeader { Address = _targets + i, Parts = _parts + i, PartCount = 1 };
        }
    }

    /// <summary>Whether there is nothing to send.</summary>
    public bool IsEmpty => _first == _end;

    /// <summary>Adds a copy of a datagram; false when there is no room for it.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="length">How many, 64 KiB at most.</param>
    /// <param name="target">Where it goes.</param>
    /// <param name="local">Which address of this machine it leaves from; none is the socket's own.</param>
    public bool TryAdd(byte* bytes, int length, in NativeAddress target, in NativeAddress local)
    {
        if (_end == Capacity || length > BufferSize - _used)
        {
            return false;
        }

        var at = _bytes + _used;
        NativeMemory.Copy(bytes, at, (nuint)length);
        _used += length;
        _targets[_end] = target;
        _parts[_end] = new DatagramPart { Bytes = at, Length = (nuint)length };
        ref var header = ref _headers[_end];
        header.AddressLength = target.Length;
        header.Control = _control + (_end * PacketInfo.Size);
        header.ControlLength = PacketInfo.Write(header.Control, local);
        if (header.ControlLength == 0)
        {
            header.Control = null;
        }

        _end++;
        return true;
    }

    /// <summary>Sends what there is; false when the socket takes no more for now, and what is left waits here. A datagram that
    /// cannot be sent at all is left out.</summary>
    public bool TrySend(int fd)
    {
        while (_first < _end)
        {
            var sent = Libc.SendMany(
                fd, _headers + _first, (uint)(_end - _first), Libc.MessageDoNotWait | Libc.MessageNoSignal);
            if (sent > 0)
            {
                _first += sent;
                continue;
            }

            switch (Libc.Errno)
            {
                case Libc.ErrorAgain:
                    return false;

                case Libc.ErrorInterrupted:
                    break;

                default:
                    // Forbidden, too long for the way, or without one: that is said of the first, and of no other.
                    _first++;
                    break;
            }
        }

        _first = _end = _used = 0;
        return true;
    }

    public void Dispose()
    {
        NativeMemory.Free(_bytes);
        NativeMemory.Free(_control);
        NativeMemory.Free(_targets);
        NativeMemory.Free(_parts);
        NativeMemory.Free(_headers);
    }
}
