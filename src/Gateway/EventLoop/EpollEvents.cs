using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gateway.EventLoop;

/// <summary>A block of memory for the events of one epoll_wait; freed by <see cref="Dispose"/>.</summary>
/// <remarks>
/// struct epoll_event is 32 bits of events and 64 bits of data. On x64 it is packed, 12 bytes, so that it looks the
/// same to 32-bit programs; everywhere else the data is aligned, 16 bytes (include/uapi/linux/eventpoll.h). The data
/// holds the descriptor and the generation of its registration: an event of a descriptor that was closed and used
/// again within one batch is thereby told apart from one of the new owner.
/// </remarks>
internal sealed unsafe class EpollEvents(int capacity) : IDisposable
{
    public static readonly int Size = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private static readonly int _dataOffset = Size - sizeof(ulong);

    public int Capacity { get; } = capacity;

    public byte* Pointer { get; } = (byte*)NativeMemory.AllocZeroed((nuint)(capacity * Size));

    public static void Write(byte* @event, uint events, int fd, int generation)
    {
        Unsafe.WriteUnaligned(@event, events);
        Unsafe.WriteUnaligned(@event + _dataOffset, fd);
        Unsafe.WriteUnaligned(@event + _dataOffset + sizeof(int), generation);
    }

    public void Read(int index, out uint events, out int fd, out int generation)
    {
        var @event = Pointer + (index * Size);
        events = Unsafe.ReadUnaligned<uint>(@event);
        fd = Unsafe.ReadUnaligned<int>(@event + _dataOffset);
        generation = Unsafe.ReadUnaligned<int>(@event + _dataOffset + sizeof(int));
    }

    public void Dispose() => NativeMemory.Free(Pointer);
}
