using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>One decision and what spoke for and against every candidate just before it was made.</summary>
/// <param name="At">When.</param>
/// <param name="Flow">The flow that was to be given away.</param>
/// <param name="Chosen">Who got it; null when nobody did.</param>
/// <param name="Explanation">The candidates. Other flows may have been decided between it and the choice.</param>
internal sealed record Decision(DateTimeOffset At, Flow Flow, Destination? Chosen, Explanation Explanation);

/// <summary>The last decisions of one cluster, kept while somebody wants to see them. All members may be called from any
/// thread.</summary>
internal sealed class DecisionRing(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Queue<Decision> _decisions = new(capacity);

    /// <summary>The decisions, the latest first.</summary>
    public IReadOnlyList<Decision> Latest()
    {
        lock (_gate)
        {
            return [.. _decisions.Reverse()];
        }
    }

    public void Add(Decision decision)
    {
        lock (_gate)
        {
            if (_decisions.Count == capacity)
            {
                _decisions.Dequeue();
            }

            _decisions.Enqueue(decision);
        }
    }
}
