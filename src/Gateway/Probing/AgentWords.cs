using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>What the probes of one destination ask for beside up and down, each for itself, and the one agent's word that
/// comes of it. Not thread-safe.</summary>
/// <remarks>
/// <para>Rule: the severest order counts, and holds until the probe that gave it takes it back. Part of the weight, weight
/// and limit are those of the agent or of <c>WeightFromExit</c>, of which a cluster has one; <c>DrainStatus</c> knows
/// nothing of them.</para>
/// <para>A word from before, of a restart or another set of probes, holds for each probe that could have given it, until that
/// one speaks.</para>
/// </remarks>
internal sealed class AgentWords
{
    // Those that give weights come first: of equal orders theirs is the reason.
    private readonly ProbeOptions[] _probes;
    private readonly AgentWord?[] _words;

    public AgentWords(IEnumerable<ProbeOptions> probes, AgentWord? before)
    {
        _probes = [.. probes.Where(ProbeAdvice.IsGivenBy).Distinct().OrderBy(probe => GivesWeight(probe) ? 0 : 1)];
        _words = [.. _probes.Select(probe => Inherited(probe, before))];
    }

    /// <summary>Takes one result of a probe and returns what all of them ask for; null when none does, or this one never
    /// asks for anything.</summary>
    public AgentWord? Hear(ProbeOptions probe, ProbeResult result, DateTimeOffset now)
    {
        var index = Array.IndexOf(_probes, probe);
        if (index < 0)
        {
            return null;
        }

        if (ProbeAdvice.Of(probe, result, _words[index], now) is { } word)
        {
            _words[index] = word with { Source = probe.Kind };
        }

        return Together();
    }

    private static bool GivesWeight(ProbeOptions probe) => probe.Kind == Probers.Agent || probe.WeightFromExit;

    private static AgentWord? Inherited(ProbeOptions probe, AgentWord? before) => before switch
    {
        null => null,
        // It may have said so beside a severer word. Its next good answer takes it back.
        _ when !GivesWeight(probe) => before with
        {
            Order = before.Order == AgentOrder.Up ? AgentOrder.Up : AgentOrder.Drain,
            Share = 1,
            Weight = null,
            MaxConnections = null,
        },
        { Source: null } => before,
        { Source: var source } when source == probe.Kind => before,
        // An agent that is silent from now on must not hold what it never said.
        _ => before with { Order = AgentOrder.Up, Reason = "" },
    };

    private AgentWord? Together()
    {
        AgentWord? together = null;
        foreach (var word in _words)
        {
            if (word is not null)
            {
                together = together is null ? word : Both(together, word);
            }
        }

        return together;
    }

    private static AgentWord Both(AgentWord first, AgentWord second)
    {
        var severest = second.Order > first.Order ? second : first;
        return severest with
        {
            Since = first.Order != second.Order || first.Since == second.Since ? severest.Since
                : first.Since < second.Since ? first.Since : second.Since,
            Share = first.Share * second.Share,
            Weight = first.Weight ?? second.Weight,
            MaxConnections = first.MaxConnections ?? second.MaxConnections,
        };
    }
}
