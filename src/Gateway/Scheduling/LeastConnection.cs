using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Least connection, LVS <c>lc</c>: the destination with the fewest flows, whatever its weight.</summary>
/// <remarks>
/// <para>Rule: compare 256 * active + (active + inactive); weights count only as zero or not.</para>
/// <para>Example: A has 2 active, B 1 active and 200 inactive: 514 against 457, so B.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_lc.c. Neighbour: <see cref="WeightedLeastConnection"/> divides by the weight.</para>
/// </remarks>
internal readonly struct LeastConnection : ICost
{
    public static string Name => "lc";

    public static double Of(Load load, int weight) => load.Overhead;
}
