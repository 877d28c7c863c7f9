namespace Gateway.Http.Forwarding;

/// <summary>The buffers of exchanges, kept by the thread on which they became free: on an event loop that is the thread that
/// needs the next one.</summary>
/// <remarks>A connection that rests needs none. With buffers of its own for as long as it lives, some seconds, each would be
/// memory that only the seldom collections of the oldest generation find.</remarks>
internal static class ExchangeBuffers
{
    /// <summary>Bytes of one: that of most answers.</summary>
    public const int Size = 16 * 1024;

    // 4 MiB for each thread.
    private const int Most = 256;

    [ThreadStatic]
    private static Stack<byte[]>? _free;

    /// <summary>A pinned buffer with any content.</summary>
    public static byte[] Take() =>
        _free is { Count: > 0 } free ? free.Pop() : GC.AllocateUninitializedArray<byte>(Size, pinned: true);

    /// <summary>Gives one back, which nobody may touch any more. One that has grown is not kept.</summary>
    public static void Return(byte[] buffer)
    {
        var free = _free ??= new Stack<byte[]>();
        if (buffer.Length == Size && free.Count < Most)
        {
            free.Push(buffer);
        }
    }
}
