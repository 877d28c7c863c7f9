using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Picks by a table of buckets: dh and sh, which differ in what they hash and in how the table is filled.</summary>
/// <remarks>
/// <para>Without fallback a flow whose bucket belongs to a destination that may not take it gets none, as in the kernel.
/// With fallback (sh-fallback; for dh ours alone) buckets are tried from twice the hash on, all around the table.</para>
/// <para>The table is filled by configured weights, whatever the standing: an outage moves only the flows of the
/// destination that failed, and they come back to it.</para>
/// </remarks>
internal sealed class BucketScheduler(
    Destination[] destinations, Destination[] buckets, SchedulerOptions options) : IScheduler
{
    private readonly HashInput _input = new(options);
    private readonly bool _anyReady = destinations.Any(d => d.EffectiveWeight > 0);

    public Destination? Pick(in Flow flow, Exclusions? exclusions)
    {
        if (!_anyReady)
        {
            return null;
        }

        var hash = HashBuckets.Of(_input.Value(flow), options.TableBits);
        var destination = buckets[hash];
        return Readiness.IsReady(destination, exclusions) ? destination
            : options.Fallback ? Probe(hash, exclusions)
            : null;
    }

    public Explanation Explain(in Flow flow, Exclusions? exclusions)
    {
        var hash = HashBuckets.Of(_input.Value(flow), options.TableBits);
        return Explanation.Of(
            destinations, exclusions, Pick(flow, exclusions), $"{options.Name}: bucket {hash} of {buckets.Length}",
            _ => Verdict.HashElsewhere, destination => buckets.Count(bucket => bucket == destination));
    }

    private Destination? Probe(uint hash, Exclusions? exclusions)
    {
        var mask = (uint)buckets.Length - 1;
        for (var offset = 0u; offset <= mask; offset++)
        {
            var destination = buckets[((2 * hash) + offset) & mask];
            if (Readiness.IsReady(destination, exclusions))
            {
                return destination;
            }
        }

        return null;
    }
}
