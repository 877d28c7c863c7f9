using System.Numerics;

namespace Gateway.Clusters;

/// <summary>A sum to which many threads add all the time and that is seldom read. All members may be called from any thread.
/// </summary>
/// <remarks>
/// Processors that write to one cache line hand it to each other at a hundred nanoseconds a time. So each thread adds to a
/// cell of its own, as far as there are any, and reading adds the cells up: never less than was added before it began. The
/// cells are there from the first addition on: they are kilobytes, and most destinations of a large configuration relay
/// nothing.
/// </remarks>
internal sealed class SpreadCounter
{
    private const int MostCells = 16;

    // Two cache lines: processors read the neighbour of a line along with it.
    private const int Stride = 128 / sizeof(long);

    private static readonly int _count =
        (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, MostCells));

    private static int _threads;

    [ThreadStatic]
    private static int _thread;

    private long[]? _cells;

    public long Value
    {
        get
        {
            var sum = 0L;
            if (Volatile.Read(ref _cells) is not { } cells)
            {
                return sum;
            }

            for (var i = 1; i <= _count; i++)
            {
                sum += Volatile.Read(ref cells[i * Stride]);
            }

            return sum;
        }
    }

    public void Add(long value) => Interlocked.Add(ref (Volatile.Read(ref _cells) ?? Allocate())[Cell() * Stride], value);

    private long[] Allocate()
    {
        var cells = new long[(_count + 1) * Stride];
        return Interlocked.CompareExchange(ref _cells, cells, null) ?? cells;
    }

    // The first cell would share its line with the length of the array.
    private static int Cell() => 1 + ((_thread != 0 ? _thread : Number()) & (_count - 1));

    private static int Number() => _thread = Interlocked.Increment(ref _threads) | int.MinValue;
}
