using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>YARP's <c>PowerOfTwoChoices</c>: of two destinations drawn at random the one with fewer flows.</summary>
/// <remarks>Weights count only as zero or not. Neighbour: <see cref="TwoChoicesScheduler"/> draws and compares by
/// weight.</remarks>
internal sealed class TwoRequestsScheduler(Destination[] destinations, Random random) : IScheduler
{
    private readonly AliasTable _table = new(destinations, random, _ => 1);

    public Destination? Pick(in Flow flow, Exclusions? exclusions)
    {
        var (first, second) = _table.DrawTwo(exclusions);
        return second is not null && second.State.Active < first!.State.Active ? second : first;
    }

    public Explanation Explain(in Flow flow, Exclusions? exclusions) => Explanation.Of(
        destinations, exclusions, null, "PowerOfTwoChoices: the one with fewer flows of two drawn",
        _ => Verdict.ByChance, destination => _table.Chance(destination));
}
