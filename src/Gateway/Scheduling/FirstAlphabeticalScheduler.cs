using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>YARP's <c>FirstAlphabetical</c>: the first ready destination by id.</summary>
/// <remarks>Weights count only as zero or not. Neighbour: <see cref="WeightedFailover"/> orders by weight.</remarks>
internal sealed class FirstAlphabeticalScheduler(Destination[] destinations) : IScheduler
{
    private readonly Destination[] _sorted = [.. destinations.OrderBy(d => d.Id, StringComparer.OrdinalIgnoreCase)];

    public Destination? Pick(in Flow flow, Exclusions? exclusions)
    {
        foreach (var destination in _sorted)
        {
            if (Readiness.IsReady(destination, exclusions))
            {
                return destination;
            }
        }

        return null;
    }

    public Explanation Explain(in Flow flow, Exclusions? exclusions) => Explanation.Of(
        _sorted, exclusions, Pick(flow, exclusions), "FirstAlphabetical: the first by id", _ => Verdict.NotItsTurn);
}
