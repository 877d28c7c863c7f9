using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>What lblc and lblcr compare: loads as wlc does, and whether anybody has little to do.</summary>
internal sealed class LocalityBoard
{
    private readonly Destination[] _destinations;
    private readonly Board<WeightedLeastConnection> _board;
    private readonly double[] _slack;
    private readonly SlackSeat[] _seats;

    public LocalityBoard(Destination[] destinations)
    {
        _destinations = destinations;
        _board = new Board<WeightedLeastConnection>(destinations);
        _slack = new double[destinations.Length];
        _seats = new SlackSeat[destinations.Length];
        for (var i = 0; i < destinations.Length; i++)
        {
            _seats[i] = new SlackSeat(_board.SeatOf(i), _slack, i, destinations[i].EffectiveWeight);
            destinations[i].State.Take(_seats[i]);
        }
    }

    /// <summary>Whether a destination with this many flows should give some away: more active ones than its weight while
    /// another has fewer than half of its own weight.</summary>
    public bool IsCrowded(Destination destination)
    {
        if (destination.State.Active <= destination.EffectiveWeight)
        {
            return false;
        }

        var idlest = EarliestMinimum.IndexOf(_slack);
        return idlest >= 0 && Volatile.Read(ref _slack[idlest]) < 0;
    }

    public Destination? Cheapest(Exclusions? exclusions) => _board.Cheapest(exclusions);

    public void Leave()
    {
        for (var i = 0; i < _destinations.Length; i++)
        {
            _destinations[i].State.Leave(_seats[i]);
        }
    }

    /// <summary>Keeps twice the active flows minus the weight, beside the cost of wlc.</summary>
    private sealed class SlackSeat(Seat cost, double[] slack, int index, int weight) : Seat
    {
        public override void Write(Load load)
        {
            cost.Write(load);
            Volatile.Write(ref slack[index], (2.0 * load.Active) - weight);
        }
    }
}
