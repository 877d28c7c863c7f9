using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>YARP's <c>PowerOfTwoChoices</c>: of two destinations drawn at random the one with fewer flows.</summary>
/// <remarks>Weights count only as zero or not. Neighbour: <see cref="TwoChoicesScheduler"/> draws and compares by
/// weight.</remarks>
internal sealed class TwoRequestsScheduler(Destination[] destinations, Random random) : IScheduler, IHoldsSeats
{
    private readonly AliasTable<LeastRequests> _table = new(destinations, random, _ => 1);

    public Destination? Pick(in Flow flow, Exclusions? exclusions) => _table.DrawCheaperOfTwo(exclusions);

    public void Correct(Destination destination) => _table.Correct(destination);

    public void LeaveSeats() => _table.Leave();

    public Explanation Explain(in Flow flow, Exclusions? exclusions) => Explanation.Of(
        destinations, exclusions, null, "PowerOfTwoChoices: the one with fewer flows of two drawn",
        _ => Verdict.ByChance, destination => _table.Chance(destination));
}
