using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Weighted overflow, LVS <c>ovf</c>: fill the destination of the highest weight, then the next.</summary>
/// <remarks>
/// <para>Rule: the highest weight among those with no more active flows than their weight; the first of equals. So a
/// destination of weight w takes w + 1 flows. None when all have more: then the flow is refused. Inactive flows do not
/// count, so UDP never overflows.</para>
/// <para>Example, flows that never end: A3 B2 gives <c>AAAABBB</c>, then none.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_ovf.c. Neighbour: <see cref="WeightedFailover"/> has no capacity.</para>
/// </remarks>
internal readonly struct WeightedOverflow : ICost
{
    public static string Name => "ovf";

    public static double Of(Load load, int weight) => load.Active > weight ? double.PositiveInfinity : -weight;
}
