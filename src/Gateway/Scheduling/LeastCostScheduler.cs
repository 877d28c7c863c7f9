using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Picks the destination of the lowest cost: the one loop of lc, wlc, sed, nq, fo, ovf and LeastRequests, which
/// differ only in <typeparamref name="TCost"/>.</summary>
internal sealed class LeastCostScheduler<TCost>(Destination[] destinations) : IScheduler, IHoldsSeats
    where TCost : struct, ICost
{
    private readonly Board<TCost> _board = new(destinations);

    public Destination? Pick(in Flow flow, Exclusions? exclusions) => _board.Cheapest(exclusions);

    public void LeaveSeats() => _board.Leave();

    public Explanation Explain(in Flow flow, Exclusions? exclusions)
    {
        var chosen = _board.Cheapest(exclusions);
        return Explanation.Of(
            destinations, exclusions, chosen, $"{TCost.Name}: lowest cost, first of equals",
            candidate => Compare(candidate, chosen), candidate => Cost(candidate));
    }

    private static double Cost(Destination destination) => destination.EffectiveWeight > 0
        ? TCost.Of(destination.State.Load, destination.EffectiveWeight)
        : double.PositiveInfinity;

    private static Verdict Compare(Destination candidate, Destination? chosen) =>
        double.IsPositiveInfinity(Cost(candidate)) ? Verdict.OverWeight
        : chosen is not null && Cost(candidate) == Cost(chosen) ? Verdict.EqualButLater
        : Verdict.Costlier;
}
