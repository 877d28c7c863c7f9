using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Round robin, LVS <c>rr</c>: destinations take turns, whatever their weight.</summary>
/// <remarks>
/// <para>Rule: the next one after the one that had the last turn, in list order; those of weight 0 and those over their
/// threshold are skipped. When the list changes the turn goes on after the same destination, or, when that one is gone,
/// after the one before it.</para>
/// <para>Example: A B C gives <c>ABCABC</c>; with B at weight 0 <c>ACAC</c>.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_rr.c. Neighbour: <see cref="WeightedRoundRobinScheduler"/> counts weights.</para>
/// <para>Every pick draws a ticket, so shares are exact however many threads pick.</para>
/// </remarks>
internal sealed class RoundRobinScheduler : IScheduler, IHoldsSeats
{
    private readonly Destination[] _destinations;
    private readonly Destination[] _turns;
    private readonly Board<Anyone> _board;
    private readonly DestinationState? _inherited;
    private readonly long _start;
    private TicketCounter _tickets;

    public RoundRobinScheduler(Destination[] destinations, RoundRobinScheduler? before = null)
    {
        _destinations = destinations;
        _turns = [.. destinations.Where(d => d.EffectiveWeight > 0)];
        _board = new Board<Anyone>(_turns);
        var mark = before is null ? -1 : before.MarkIn(destinations);
        _inherited = mark < 0 ? null : destinations[mark].State;
        _start = destinations.Take(mark + 1).Count(d => d.EffectiveWeight > 0) - 1;
        _tickets = new TicketCounter(_start);
    }

    public Destination? Pick(in Flow flow, Exclusions? exclusions)
    {
        var turns = _turns;
        for (var i = 0; i < turns.Length; i++)
        {
            var index = Index(_tickets.Draw());
            if (_board.IsReady(index, exclusions))
            {
                return turns[index];
            }
        }

        // A full circle of tickets leads back to the start; giving them back keeps the mark where it was.
        _tickets.Move(-turns.Length);

        // Other threads may have drawn tickets between ours, so not everybody was looked at for certain.
        return _board.Cheapest(exclusions);
    }

    public void Correct(Destination destination) => _board.Correct(destination);

    public void LeaveSeats() => _board.Leave();

    public Explanation Explain(in Flow flow, Exclusions? exclusions)
    {
        var ticket = _tickets.Last;
        var order = new Dictionary<Destination, int>();
        for (var i = 1; i <= _turns.Length; i++)
        {
            order.Add(_turns[Index(ticket + i)], i);
        }

        var chosen = order.OrderBy(pair => pair.Value).Select(pair => pair.Key)
            .FirstOrDefault(destination => Readiness.IsReady(destination, exclusions));
        return Explanation.Of(
            _destinations, exclusions, chosen, "rr: the next in turn",
            _ => Verdict.NotItsTurn, destination => order.TryGetValue(destination, out var turn) ? turn : null);
    }

    private int Index(long ticket) => (int)((ulong)ticket % (uint)_turns.Length);

    /// <summary>Where in a new list the destination of the last turn is, or the nearest one before it that is still there;
    /// -1 is before the first.</summary>
    private int MarkIn(Destination[] destinations)
    {
        var ticket = _tickets.Last;
        var mark = ticket == _start ? _inherited : _turns[Index(ticket)].State;
        for (var i = Array.FindIndex(_destinations, d => d.State == mark); i >= 0; i--)
        {
            var state = _destinations[i].State;
            var index = Array.FindIndex(destinations, d => d.State == state);
            if (index >= 0)
            {
                return index;
            }
        }

        return -1;
    }
}
