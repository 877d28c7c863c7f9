using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Weighted failover, LVS <c>fo</c>: everything to the destination of the highest weight.</summary>
/// <remarks>
/// <para>Rule: the highest weight that is not over its threshold; the first of equals.</para>
/// <para>Example: A10 B20 gives <c>BBBB</c>; with B down or over its threshold <c>AAAA</c>.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_fo.c. Neighbour: <see cref="WeightedOverflow"/> goes on when the destination
/// has as many flows as its weight.</para>
/// </remarks>
internal readonly struct WeightedFailover : ICost
{
    public static string Name => "fo";

    public static double Of(Load load, int weight) => -weight;
}
