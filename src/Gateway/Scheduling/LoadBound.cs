using System.Numerics;
using System.Runtime.InteropServices;
using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>The bound of bounded-load hashing: no destination takes more than a factor of its share of all flows.</summary>
/// <remarks>With factor c, weights w and T active flows the bound of one destination is c * (T + 1) * w / sum of w, rounded
/// up. The bounds of all ready destinations together exceed T, so there is always one below its own.</remarks>
internal sealed class LoadBound
{
    private readonly Destination[] _destinations;
    private readonly long[] _active;
    private readonly ActiveSeat[] _seats;
    private readonly double _factorPerWeight;

    public LoadBound(Destination[] destinations, double factor)
    {
        _destinations = destinations;
        _factorPerWeight = factor / Math.Max(destinations.Sum(d => (long)d.EffectiveWeight), 1);
        _active = new long[destinations.Length];
        _seats = new ActiveSeat[destinations.Length];
        for (var i = 0; i < destinations.Length; i++)
        {
            _seats[i] = new ActiveSeat(_active, i);
            destinations[i].State.Take(_seats[i]);
        }
    }

    public long TotalActive()
    {
        var vectors = MemoryMarshal.Cast<long, Vector<long>>(_active);
        var sums = Vector<long>.Zero;
        foreach (var vector in vectors)
        {
            sums += vector;
        }

        var total = Vector.Sum(sums);
        foreach (var active in _active.AsSpan(vectors.Length * Vector<long>.Count))
        {
            total += active;
        }

        return total;
    }

    public bool Allows(Destination destination, long totalActive) =>
        destination.State.Active < Math.Ceiling(_factorPerWeight * (totalActive + 1) * destination.EffectiveWeight);

    public void Leave()
    {
        for (var i = 0; i < _destinations.Length; i++)
        {
            _destinations[i].State.Leave(_seats[i]);
        }
    }

    private sealed class ActiveSeat(long[] active, int index) : Seat
    {
        public override void Write(Load load) => Volatile.Write(ref active[index], load.Active);
    }
}
