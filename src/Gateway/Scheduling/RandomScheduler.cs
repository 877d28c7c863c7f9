using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>YARP's <c>Random</c>: any destination, whatever its load. Weights count only as zero or not.</summary>
internal sealed class RandomScheduler(Destination[] destinations, Random random) : IScheduler
{
    private readonly AliasTable _table = new(destinations, random, _ => 1);

    public Destination? Pick(in Flow flow, Exclusions? exclusions) => _table.Draw(exclusions);

    public Explanation Explain(in Flow flow, Exclusions? exclusions) => Explanation.Of(
        destinations, exclusions, null, "Random: any", _ => Verdict.ByChance, destination => _table.Chance(destination));
}
