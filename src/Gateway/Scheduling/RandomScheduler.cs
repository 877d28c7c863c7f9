using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>YARP's <c>Random</c>: any destination, whatever its load. Weights count only as zero or not.</summary>
internal sealed class RandomScheduler(Destination[] destinations, Random random) : IScheduler, IHoldsSeats
{
    private readonly AliasTable<Anyone> _table = new(destinations, random, _ => 1);

    public Destination? Pick(in Flow flow, Exclusions? exclusions) => _table.Draw(exclusions);

    public void Correct(Destination destination) => _table.Correct(destination);

    public void LeaveSeats() => _table.Leave();

    public Explanation Explain(in Flow flow, Exclusions? exclusions) => Explanation.Of(
        destinations, exclusions, null, "Random: any", _ => Verdict.ByChance, destination => _table.Chance(destination));
}
