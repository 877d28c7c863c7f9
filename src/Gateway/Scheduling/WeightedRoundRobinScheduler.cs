using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Weighted round robin, LVS <c>wrr</c>: turns in proportion to weight.</summary>
/// <remarks>
/// <para>Rule: walk the list again and again, each time only those whose weight is at least the current level. The level
/// starts at the highest weight, falls by the greatest common divisor of all weights after each walk, and starts again.
/// When the list or a weight changes, the walk begins at the head, and the level stays, cut to the new maximum and
/// rounded to the new divisor.</para>
/// <para>Example: A4 B3 C2 gives <c>AABABCABC</c>, repeating. A5 B1 C1 gives <c>AAAAABC</c>: heavy ones come in bursts,
/// unlike nginx's smooth variant.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_wrr.c. Neighbour: <see cref="RoundRobinScheduler"/> ignores weights.</para>
/// <para>Usually a whole cycle is written down and every pick draws a ticket (<see cref="TabledWeightedWalk"/>); weights
/// that make a cycle too long for that are walked under a lock (<see cref="LinkedWeightedWalk"/>).</para>
/// </remarks>
internal sealed class WeightedRoundRobinScheduler : IScheduler, IHoldsSeats
{
    /// <summary>The longest cycle that is written down: two megabytes.</summary>
    private const int MostTurns = 512 * 1024;

    /// <summary>So many times the number of destinations at most: when all but a light one are full, a pick draws all tickets
    /// up to its turn.</summary>
    private const int MostTurnsPerDestination = 64;

    private readonly Destination[] _destinations;
    private readonly Board<Anyone> _board;
    private readonly WeightLevels _levels;
    private readonly IWeightedWalk? _walk;

    // In the kernel even an edit that changes nothing sends the walk back to the head: restart. A new snapshot for other
    // reasons (another word of a probe) must not, or the head of the list would get more than its share.
    public WeightedRoundRobinScheduler(
        Destination[] destinations, WeightedRoundRobinScheduler? before = null, bool restart = false, int mostTurns = MostTurns)
    {
        _destinations = destinations;
        _board = new Board<Anyone>(destinations);
        _levels = WeightLevels.Of(destinations);
        if (_levels.Top == 0)
        {
            // Nobody takes turns, and the kernel begins at the top when somebody does again.
            return;
        }

        var last = before?._walk?.Position ?? new WeightedPosition(WeightedPosition.Head, 0);
        var position = new WeightedPosition(
            before is not null && !restart && SameAs(before) ? last.Index : WeightedPosition.Head, _levels.Continue(last.Level));
        _walk = _levels.Turns <= Math.Min(mostTurns, (long)MostTurnsPerDestination * destinations.Length)
            ? new TabledWeightedWalk(destinations, _board, _levels, position)
            : new LinkedWeightedWalk(destinations, _board, _levels, position);
    }

    public Destination? Pick(in Flow flow, Exclusions? exclusions) => _walk?.Pick(exclusions);

    public void Correct(Destination destination) => _board.Correct(destination);

    public void LeaveSeats() => _board.Leave();

    public Explanation Explain(in Flow flow, Exclusions? exclusions) => Explanation.Of(
        _destinations, exclusions, _walk?.Peek(exclusions),
        $"wrr: the next of weight {_walk?.Position.Level ?? 0} or more, of highest {_levels.Top}",
        _ => Verdict.NotItsTurn, destination => destination.EffectiveWeight);

    private bool SameAs(WeightedRoundRobinScheduler before) =>
        _destinations.Length == before._destinations.Length
        && _destinations.Zip(before._destinations)
            .All(p => p.First.State == p.Second.State && p.First.EffectiveWeight == p.Second.EffectiveWeight);
}
