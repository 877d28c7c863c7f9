using System.Runtime.InteropServices;

namespace Gateway.Scheduling;

/// <summary>A counter that many threads draw numbers from, alone on its cache lines: what a scheduler only reads must not
/// be taken from the other processors with every number drawn.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct TicketCounter(long last)
{
    // Processors fetch lines of 64 bytes in pairs.
    [FieldOffset(128)]
    private long _last = last;

    /// <summary>The number drawn last.</summary>
    public readonly long Last => Volatile.Read(in _last);

    /// <summary>Draws the next number.</summary>
    public long Draw() => Interlocked.Increment(ref _last);

    /// <summary>Goes on, or back, by so many numbers.</summary>
    public void Move(long numbers) => Interlocked.Add(ref _last, numbers);
}
