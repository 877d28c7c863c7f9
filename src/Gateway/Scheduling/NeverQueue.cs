using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Never queue, LVS <c>nq</c>: an idle destination if there is one, else as sed.</summary>
/// <remarks>
/// <para>Rule: the first in list order without an active flow, whatever its weight; if none, compare
/// (active + 1) / weight. An idle one costs nothing here, which no other can.</para>
/// <para>Example, flows that never end: A3 B1 gives <c>ABAAAAAB</c>; A1 B3 gives <c>ABBBBBAB</c>.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_nq.c. Neighbour: <see cref="ShortestExpectedDelay"/>.</para>
/// </remarks>
internal readonly struct NeverQueue : ICost
{
    public static string Name => "nq";

    public static double Of(Load load, int weight) => load.Active == 0 ? 0 : (load.Active + 1.0) / weight;
}
