using System.Runtime.InteropServices;

namespace Gateway.Relay;

/// <summary>Bytes that were read and not taken by the other side, in memory of their own until they are.</summary>
internal unsafe struct HeldBytes
{
    private static int _pieces;

    private byte* _memory;
    private int _start;

    // How many of the bytes, from the start, are Gateway's own and not counted as moved.
    private int _ahead;

    /// <summary>Pieces of memory held in the process, over all connections: none while all readers keep up.</summary>
    public static int Pieces => Volatile.Read(ref _pieces);

    public int Length { get; private set; }

    public readonly byte* Start => _memory + _start;

    /// <summary>Keeps a copy of these bytes; there must be none yet.</summary>
    /// <param name="bytes">Where they are.</param>
    /// <param name="length">How many, at least one.</param>
    /// <param name="ahead">How many of them, from the start, do not come from the source.</param>
    public void Keep(byte* bytes, int length, int ahead)
    {
        _memory = (byte*)NativeMemory.Alloc((nuint)length);
        Interlocked.Increment(ref _pieces);
        NativeMemory.Copy(bytes, _memory, (nuint)length);
        _start = 0;
        _ahead = ahead;
        Length = length;
    }

    /// <summary>Takes some off the start; returns how many of them came from the source.</summary>
    public int Take(int count)
    {
        var ahead = Math.Min(_ahead, count);
        _ahead -= ahead;
        _start += count;
        Length -= count;
        if (Length == 0)
        {
            Drop();
        }

        return count - ahead;
    }

    public void Drop()
    {
        if (_memory is not null)
        {
            NativeMemory.Free(_memory);
            _memory = null;
            Length = 0;
            Interlocked.Decrement(ref _pieces);
        }
    }
}
