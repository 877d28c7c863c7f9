using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Weighted least connection, LVS <c>wlc</c>: the destination with the fewest flows for its weight.</summary>
/// <remarks>
/// <para>Rule: compare (256 * active + (active + inactive)) / weight.</para>
/// <para>Example, flows that never end: A3 B1 gives <c>ABAAABAA</c>; A1 B3 gives <c>ABBBABBB</c>. Idle destinations are
/// all equal, so the first takes the first flow whatever its weight. One that comes back empty gets every new flow until
/// it has caught up.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_wlc.c. Neighbour: <see cref="ShortestExpectedDelay"/> counts the flow that is
/// about to come, and no inactive ones.</para>
/// </remarks>
internal readonly struct WeightedLeastConnection : ICost
{
    public static string Name => "wlc";

    public static double Of(Load load, int weight) => (double)load.Overhead / weight;
}
