using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Draws destinations at random in proportion to their weight, in the same time for any number of them.</summary>
/// <remarks>Walker's alias method, built as by Vose (1991): every column holds one destination up to its threshold and one
/// other above it, so a draw is one random number and one comparison.</remarks>
internal sealed class AliasTable
{
    private const int Attempts = 8;

    private readonly Random _random;
    private readonly Destination[] _drawn;
    private readonly int[] _weights;
    private readonly Column[] _columns;

    // Destinations whose effective weight is 0 are left out, whatever weight they are to be drawn by.
    public AliasTable(Destination[] destinations, Random random, Func<Destination, int> weight)
    {
        _random = random;
        _drawn = [.. destinations.Where(d => d.EffectiveWeight > 0)];
        _weights = [.. _drawn.Select(weight)];
        _columns = Build(_drawn, _weights);
    }

    /// <summary>The chance of this destination while all are ready.</summary>
    public double? Chance(Destination destination) => Array.IndexOf(_drawn, destination) is >= 0 and var index
        ? (double)_weights[index] / _weights.Sum(weight => (long)weight)
        : null;

    /// <summary>One of the destinations that may take the flow, or null when none may.</summary>
    public Destination? Draw(Exclusions? exclusions) => Draw(Next(), exclusions);

    /// <summary>Two draws from one random number; the same destination may come twice.</summary>
    public (Destination? First, Destination? Second) DrawTwo(Exclusions? exclusions)
    {
        var random = (ulong)_random.NextInt64();
        var first = Draw((uint)(random >> 31), exclusions);
        return (first, first is null ? null : Draw((uint)random << 1, exclusions));
    }

    private static Column[] Build(Destination[] destinations, int[] weights)
    {
        var mean = weights.Sum(weight => (double)weight) / Math.Max(weights.Length, 1);
        var shares = weights.Select(weight => weight / mean).ToArray();
        var columns = destinations.Select(d => new Column(d, d, uint.MaxValue)).ToArray();
        var small = new Stack<int>(Enumerable.Range(0, shares.Length).Where(i => shares[i] < 1));
        var large = new Stack<int>(Enumerable.Range(0, shares.Length).Where(i => shares[i] >= 1));
        while (small.Count > 0 && large.Count > 0)
        {
            var (less, more) = (small.Pop(), large.Pop());
            columns[less] = new Column(destinations[less], destinations[more], (uint)(shares[less] * uint.MaxValue));
            shares[more] -= 1 - shares[less];
            (shares[more] < 1 ? small : large).Push(more);
        }

        return columns;
    }

    private uint Next() => (uint)(_random.NextInt64() >> 31);

    private Destination? Draw(uint random, Exclusions? exclusions)
    {
        if (_columns.Length == 0)
        {
            return null;
        }

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            // Of the product the high half is evenly spread over the columns, the low half within the column.
            var place = (ulong)random * (uint)_columns.Length;
            ref var column = ref _columns[(int)(place >> 32)];
            var destination = (uint)place <= column.Threshold ? column.Own : column.Other;
            if (Readiness.IsReady(destination, exclusions))
            {
                return destination;
            }

            random = Next();
        }

        return DrawAmongReady(exclusions);
    }

    private Destination? DrawAmongReady(Exclusions? exclusions)
    {
        // Reservoir of one: each ready destination replaces the one kept with its share of the weight seen so far.
        Destination? kept = null;
        var seen = 0L;
        for (var i = 0; i < _drawn.Length; i++)
        {
            if (Readiness.IsReady(_drawn[i], exclusions))
            {
                seen += _weights[i];
                kept = _random.NextInt64(seen) < _weights[i] ? _drawn[i] : kept;
            }
        }

        return kept;
    }

    private readonly record struct Column(Destination Own, Destination Other, uint Threshold);
}
