using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>The costs of all destinations of a scheduler side by side, in list order, kept current by the destinations
/// themselves: a pick reads one array and no counters.</summary>
/// <remarks>
/// Costs are fractions load/weight held as doubles, and comparing the doubles decides as comparing the fractions: a
/// division rounds monotonically, so the order can only be lost where two different fractions round to one double. For
/// loads below 2^36 and weights below 2^16 different fractions differ by more than 2^-52 of their value, which is the
/// distance of neighbouring doubles; equal fractions round equally. So ties are exact too.
/// </remarks>
internal sealed class Board<TCost>
    where TCost : struct, ICost
{
    private readonly Destination[] _destinations;
    private readonly double[] _costs;
    private readonly BoardSeat[] _seats;

    public Board(Destination[] destinations)
    {
        _destinations = destinations;
        _costs = new double[destinations.Length];
        _seats = new BoardSeat[destinations.Length];
        for (var i = 0; i < destinations.Length; i++)
        {
            _seats[i] = new BoardSeat(_costs, i, destinations[i].EffectiveWeight);
            destinations[i].State.Take(_seats[i]);
        }
    }

    /// <summary>The cost of one destination; positive infinity when it may not take a flow.</summary>
    public static double CostOf(Load load, int weight) =>
        weight > 0 && !load.IsFull ? TCost.Of(load, weight) : double.PositiveInfinity;

    /// <summary>The seat of one destination, for a scheduler that keeps more of it than the cost.</summary>
    public Seat SeatOf(int index) => _seats[index];

    public Destination? Cheapest(Exclusions? exclusions)
    {
        while (true)
        {
            var index = exclusions is null ? EarliestMinimum.IndexOf(_costs) : CheapestExcept(exclusions);
            if (index < 0)
            {
                return null;
            }

            var destination = _destinations[index];
            if (!destination.State.IsFull)
            {
                return destination;
            }

            // Filled since, or this board was replaced and nobody keeps it current: correct this seat and look again.
            destination.State.Refresh(_seats[index]);
        }
    }

    /// <summary>Lets go of destinations that no newer board has taken.</summary>
    public void Leave()
    {
        for (var i = 0; i < _destinations.Length; i++)
        {
            _destinations[i].State.Leave(_seats[i]);
        }
    }

    private int CheapestExcept(Exclusions exclusions)
    {
        var index = -1;
        for (var i = 0; i < _costs.Length; i++)
        {
            var cost = Volatile.Read(ref _costs[i]);
            if (cost < (index < 0 ? double.PositiveInfinity : _costs[index]) && !exclusions.Contains(_destinations[i]))
            {
                index = i;
            }
        }

        return index;
    }

    private sealed class BoardSeat(double[] costs, int index, int weight) : Seat
    {
        public override void Write(Load load) => Volatile.Write(ref costs[index], CostOf(load, weight));
    }
}
