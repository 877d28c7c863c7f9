using Gateway.Clusters;

namespace Gateway.Draining;

/// <summary>A drain and what it still waits for.</summary>
/// <param name="Job">The drain.</param>
/// <param name="Flows">Flows in progress, by kind; kinds that have none are left out.</param>
/// <param name="Destinations">How many destinations get no new clients by it; none when it is the node's.</param>
internal sealed record DrainProgress(DrainJob Job, IReadOnlyDictionary<FlowKind, int> Flows, int Destinations)
{
    /// <summary>Whether it still keeps new clients away, which may be long after nothing is in progress.</summary>
    public bool IsInEffect => Job.Status != DrainStatus.Cancelled && (Job.IsNode || Destinations > 0);

    public int Total => Flows.Values.Sum();
}
