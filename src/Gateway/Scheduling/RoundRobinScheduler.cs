using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Round robin, LVS <c>rr</c>: destinations take turns.</summary>
internal sealed class RoundRobinScheduler(IReadOnlyList<Destination> destinations) : IScheduler
{
    private uint _turn = uint.MaxValue;

    public Destination? Pick(in Flow flow, Exclusions? exclusions)
    {
        for (var i = 0; i < destinations.Count; i++)
        {
            var candidate = destinations[(int)(Interlocked.Increment(ref _turn) % (uint)destinations.Count)];
            if (candidate.EffectiveWeight > 0 && !candidate.State.IsFull && exclusions?.Contains(candidate) != true)
            {
                return candidate;
            }
        }

        return null;
    }
}
