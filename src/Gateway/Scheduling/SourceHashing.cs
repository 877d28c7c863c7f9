using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Source hashing, LVS <c>sh</c>: the same client always to the same destination.</summary>
/// <remarks>
/// <para>Rule: destinations are dealt to the buckets in turn, each as many in a row as its weight, and one if its weight
/// is 0; the client's address, with <c>UsePort</c> plus its port, selects the bucket.</para>
/// <para>Example: A2 B1, 256 buckets, pattern <c>AABAAB</c>, 171 against 85: 10.0.0.1 is in bucket 39, A; 10.0.0.2 in
/// 137, B. Weights beyond the table's size starve whoever comes later: A300 B300 gives A all 256.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_sh.c. Neighbours: <see cref="DestinationHashing"/>;
/// <see cref="MaglevScheduler"/> moves far fewer clients when the list changes.</para>
/// </remarks>
internal static class SourceHashing
{
    public static BucketScheduler Create(Destination[] destinations, SchedulerOptions options)
    {
        var buckets = new Destination[destinations.Length == 0 ? 0 : 1 << options.TableBits];
        var (current, dealt) = (0, 0);
        for (var i = 0; i < buckets.Length; i++)
        {
            buckets[i] = destinations[current];
            if (++dealt >= destinations[current].Weight)
            {
                (current, dealt) = ((current + 1) % destinations.Length, 0);
            }
        }

        return new BucketScheduler(destinations, buckets, options);
    }
}
