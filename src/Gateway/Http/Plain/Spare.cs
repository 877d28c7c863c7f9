namespace Gateway.Http.Plain;

/// <summary>Objects that serve one request after the other, kept by the thread on which they became free: on an event loop
/// that is the thread that needs the next one.</summary>
internal static class Spare<T>
    where T : class, new()
{
    // Requests in progress on one thread that are kept objects for; what is beyond is made anew.
    private const int Most = 256;

    [ThreadStatic]
    private static Stack<T>? _free;

    /// <summary>One that nobody uses.</summary>
    public static T Take() => _free is { Count: > 0 } free ? free.Pop() : new T();

    /// <summary>Gives one back, which holds nothing alive; nobody may touch it any more.</summary>
    public static void Return(T item)
    {
        var free = _free ??= new Stack<T>();
        if (free.Count < Most)
        {
            free.Push(item);
        }
    }
}
