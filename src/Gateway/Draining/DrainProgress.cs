using Gateway.Clusters;

namespace Gateway.Draining;

/// <summary>A drain and what it still waits for.</summary>
/// <param name="Job">The drain.</param>
/// <param name="Flows">Flows in progress, by kind; kinds that have none are left out.</param>
internal sealed record DrainProgress(DrainJob Job, IReadOnlyDictionary<FlowKind, int> Flows)
{
    public int Total => Flows.Values.Sum();
}
