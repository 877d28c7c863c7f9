namespace Gateway.Http.Forwarding;

/// <summary>The buffers of exchanges, kept by the thread on which they became free: on an event loop that is the thread that
/// needs the next one.</summary>
/// <remarks>A connection that rests needs none. With buffers of its own for as long as it lives, some seconds, each would be
/// memory that only the seldom collections of the oldest generation find. The one that was given back last is taken next: it
/// is still in the processor's cache.</remarks>
internal static class ExchangeBuffers
{
    /// <summary>Bytes of one: that of most answers.</summary>
    public const int Size = 16 * 1024;

    // Most requests.
    private const int SmallSize = 1024;

    // 4 MiB for each thread, and a quarter of a MiB of small ones.
    private const int Most = 256;

    [ThreadStatic]
    private static Stack<byte[]>? _free;

    [ThreadStatic]
    private static Stack<byte[]>? _freeSmall;

    /// <summary>A pinned buffer with any content.</summary>
    public static byte[] Take() => Take(_free, Size);

    /// <summary>A pinned buffer with any content, of at least so many bytes; at most <see cref="Size"/>.</summary>
    public static byte[] Take(int bytes) => bytes <= SmallSize ? Take(_freeSmall, SmallSize) : Take();

    /// <summary>Gives one back, which nobody may touch any more. One that has grown is not kept.</summary>
    public static void Return(byte[] buffer)
    {
        if (buffer.Length == Size)
        {
            Keep(_free ??= new Stack<byte[]>(), buffer);
        }
        else if (buffer.Length == SmallSize)
        {
            Keep(_freeSmall ??= new Stack<byte[]>(), buffer);
        }
    }

    private static byte[] Take(Stack<byte[]>? free, int size) =>
        free is { Count: > 0 } ? free.Pop() : GC.AllocateUninitializedArray<byte>(size, pinned: true);

    private static void Keep(Stack<byte[]> free, byte[] buffer)
    {
        if (free.Count < Most)
        {
            free.Push(buffer);
        }
    }
}
