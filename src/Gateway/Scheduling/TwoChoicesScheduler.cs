using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Weighted random twos, LVS <c>twos</c>: the less loaded of two destinations drawn at random.</summary>
/// <remarks>
/// <para>Rule: draw twice in proportion to weight; take the second if its (256 * active + (active + inactive)) / weight is
/// less than that of the first, else the first.</para>
/// <para>Example: A3 B1, both idle: A in three of four; with A at 2 active and B idle also B whenever it is drawn at
/// all.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_twos.c; Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing",
/// 2001. The kernel draws from one number too many, which favours the first in the list by a hair; this does not.
/// Neighbour: <see cref="WeightedLeastConnection"/> looks at all of them; <see cref="TwoRequestsScheduler"/> is YARP's, without
/// weights.</para>
/// </remarks>
internal sealed class TwoChoicesScheduler(Destination[] destinations, Random random) : IScheduler
{
    private readonly AliasTable _table = new(destinations, random, destination => destination.EffectiveWeight);

    public Destination? Pick(in Flow flow, Exclusions? exclusions)
    {
        var (first, second) = _table.DrawTwo(exclusions);
        return second is not null
            && second.EffectiveWeight * first!.State.Load.Overhead > first.EffectiveWeight * second.State.Load.Overhead
                ? second
                : first;
    }

    public Explanation Explain(in Flow flow, Exclusions? exclusions) => Explanation.Of(
        destinations, exclusions, null, "twos: the less loaded of two drawn by weight",
        _ => Verdict.ByChance, destination => _table.Chance(destination));
}
