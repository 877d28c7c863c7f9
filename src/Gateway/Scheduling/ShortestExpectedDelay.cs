using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Shortest expected delay, LVS <c>sed</c>: the destination that would be the least busy with this flow.</summary>
/// <remarks>
/// <para>Rule: compare (active + 1) / weight; inactive flows do not count, so it is blind to UDP.</para>
/// <para>Example, flows that never end: A3 B1 gives <c>AAABAAAB</c>; A1 B3 gives <c>BBABBBAB</c>. A slow destination may
/// stay idle while a fast one has a little to do.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_sed.c. Neighbours: <see cref="WeightedLeastConnection"/> without the one;
/// <see cref="NeverQueue"/> uses idle destinations first.</para>
/// </remarks>
internal readonly struct ShortestExpectedDelay : ICost
{
    public static string Name => "sed";

    public static double Of(Load load, int weight) => (load.Active + 1.0) / weight;
}
