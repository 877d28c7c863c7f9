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
    Destination[] destinations, int[] buckets, SchedulerOptions options) : IScheduler, IHoldsSeats
{
    private readonly Board<Anyone> _board = new(destinations);
    private readonly HashInput _input = new(options);
    private readonly bool _anyReady = destinations.Any(d => d.EffectiveWeight > 0);

    public Destination? Pick(in Flow flow, Exclusions? exclusions)
    {
        if (!_anyReady)
        {
            return null;
        }

        var hash = HashBuckets.Of(_input.Value(flow), options.TableBits);
        return _board.IsReady(buckets[hash], exclusions) ? destinations[buckets[hash]]
            : options.Fallback ? Probe(hash, exclusions)
            : null;
    }

    public void Correct(Destination destination) => _board.Correct(destination);

    public void LeaveSeats() => _board.Leave();

    public Explanation Explain(in Flow flow, Exclusions? exclusions)
    {
        var hash = HashBuckets.Of(_input.Value(flow), options.TableBits);
        var owned = buckets.CountBy(bucket => destinations[bucket]).ToDictionary();
        return Explanation.Of(
            destinations, exclusions, Pick(flow, exclusions), $"{options.Name}: bucket {hash} of {buckets.Length}",
            _ => Verdict.HashElsewhere, destination => owned.GetValueOrDefault(destination));
    }

    private Destination? Probe(uint hash, Exclusions? exclusions)
    {
        var mask = (uint)buckets.Length - 1;
        for (var offset = 0u; offset <= mask; offset++)
        {
            var index = buckets[((2 * hash) + offset) & mask];
            if (_board.IsReady(index, exclusions))
            {
                return destinations[index];
            }
        }

        return null;
    }
}
