using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>What a probe's result asks for beside up and down, in the words of an agent.</summary>
internal static class ProbeAdvice
{
    /// <summary>Whether the probe ever asks for anything.</summary>
    public static bool IsGivenBy(ProbeOptions options) =>
        options.Kind == Probers.Agent || options.WeightFromExit || options.DrainStatus.Length > 0;

    /// <summary>What the probe asks for after a result: what it did <paramref name="before"/> when it says nothing new.
    /// </summary>
    public static AgentWord? Of(ProbeOptions options, ProbeResult result, AgentWord? before, DateTimeOffset now) =>
        result.Agent is { } reply ? reply.After(before, now)
        : result.Weight is { } weight ? OfWeight(weight, before, now)
        : options.DrainStatus.Length > 0 && result.Decides ? OfStatus(result, before, now)
        : before;

    private static AgentWord OfWeight(int weight, AgentWord? before, DateTimeOffset now) =>
        new(AgentOrder.Up, "", before?.Order == AgentOrder.Up ? before.Since : now)
        {
            Weight = weight == ProbeResult.ConfiguredWeight ? null : weight,
        };

    // A probe that fails says nothing of leaving, so the last word stays until the destination answers again.
    private static AgentWord? OfStatus(ProbeResult result, AgentWord? before, DateTimeOffset now) =>
        result.Outcome switch
        {
            ProbeOutcome.Leaving => before?.Order == AgentOrder.Drain
                ? before
                : new AgentWord(AgentOrder.Drain, $"status {result.Detail}", now),
            ProbeOutcome.Passed when before is not null => before.Order == AgentOrder.Up
                ? before
                : new AgentWord(AgentOrder.Up, "", now),
            _ => before,
        };
}
