using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Destination hashing, LVS <c>dh</c>: the same content always from the same destination.</summary>
/// <remarks>
/// <para>Rule: destinations are dealt to the buckets in turn, whatever their weight; the flow's key (in the kernel the
/// packet's destination address, over HTTP host and path) selects the bucket.</para>
/// <para>Example: A B C, 256 buckets, pattern <c>ABCABC</c>: 198.51.100.1 is in bucket 96, A; 203.0.113.7 in 124, B.
/// One more or one fewer destination moves nearly all keys.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_dh.c. Neighbours: <see cref="SourceHashing"/> hashes the client and counts
/// weights; <see cref="LocalityScheduler"/> remembers instead of hashing.</para>
/// </remarks>
internal static class DestinationHashing
{
    public static BucketScheduler Create(Destination[] destinations, SchedulerOptions options)
    {
        var buckets = new Destination[destinations.Length == 0 ? 0 : 1 << options.TableBits];
        for (var i = 0; i < buckets.Length; i++)
        {
            buckets[i] = destinations[i % destinations.Length];
        }

        return new BucketScheduler(destinations, buckets, options);
    }
}
