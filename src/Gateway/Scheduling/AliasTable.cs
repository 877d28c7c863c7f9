using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Draws destinations at random in proportion to their weight, in the same time for any number of them.</summary>
/// <remarks>Walker's alias method, built as by Vose (1991): every column holds one destination up to its threshold and one
/// other above it, so a draw is one random number and one comparison.</remarks>
internal sealed class AliasTable
{
    private const int FractionBits = 31;
    private const int Attempts = 8;

    private readonly Random _random;
    private readonly Destination[] _drawn;
    private readonly int[] _weights;
    private readonly uint[] _thresholds;
    private readonly int[] _others;

    // Destinations whose effective weight is 0 are left out, whatever weight they are to be drawn by.
    public AliasTable(Destination[] destinations, Random random, Func<Destination, int> weight)
    {
        _random = random;
        _drawn = [.. destinations.Where(d => d.EffectiveWeight > 0)];
        _weights = [.. _drawn.Select(weight)];
        _thresholds = new uint[_drawn.Length];
        _others = new int[_drawn.Length];
        Build();
    }

    /// <summary>The chance of this destination while all are ready.</summary>
    public double? Chance(Destination destination) => Array.IndexOf(_drawn, destination) is >= 0 and var index
        ? (double)_weights[index] / _weights.Sum(weight => (long)weight)
        : null;

    /// <summary>One of the destinations that may take the flow, or null when none may.</summary>
    public Destination? Draw(Exclusions? exclusions)
    {
        if (_drawn.Length == 0)
        {
            return null;
        }

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            // 63 random bits: the high ones select a column, the low ones are the fraction in it.
            var random = (ulong)_random.NextInt64();
            var column = (int)(((random >> FractionBits) * (ulong)_drawn.Length) >> 32);
            var fraction = (uint)random & ((1u << FractionBits) - 1);
            var destination = _drawn[fraction < _thresholds[column] ? column : _others[column]];
            if (Readiness.IsReady(destination, exclusions))
            {
                return destination;
            }
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

    private void Build()
    {
        var mean = _weights.Sum(weight => (double)weight) / Math.Max(_weights.Length, 1);
        var shares = _weights.Select(weight => weight / mean).ToArray();
        var small = new Stack<int>(Enumerable.Range(0, shares.Length).Where(i => shares[i] < 1));
        var large = new Stack<int>(Enumerable.Range(0, shares.Length).Where(i => shares[i] >= 1));
        while (small.Count > 0 && large.Count > 0)
        {
            var (less, more) = (small.Pop(), large.Pop());
            _thresholds[less] = (uint)(shares[less] * (1u << FractionBits));
            _others[less] = more;
            shares[more] -= 1 - shares[less];
            (shares[more] < 1 ? small : large).Push(more);
        }

        foreach (var whole in small.Concat(large))
        {
            _thresholds[whole] = 1u << FractionBits;
        }
    }
}
