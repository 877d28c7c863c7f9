using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Whether a destination may take one more flow, and what speaks against it.</summary>
internal static class Readiness
{
    public static bool IsReady(Destination destination, Exclusions? exclusions) =>
        destination.EffectiveWeight > 0 && !destination.State.IsFull && exclusions?.Contains(destination) != true;

    public static bool IsAny(Destination[] destinations, Exclusions? exclusions)
    {
        foreach (var destination in destinations)
        {
            if (IsReady(destination, exclusions))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether fewer ordinary destinations than the cluster wants are in service, though not none: backups are then like
    /// them.</summary>
    /// <param name="destinations">All destinations of the cluster, as they stand.</param>
    /// <param name="minReady">How many it wants: <see cref="ClusterOptions.MinReady"/>.</param>
    public static bool AreTooFew(IEnumerable<Destination> destinations, int minReady)
    {
        var serving = destinations.Count(destination => destination is { Options.Backup: false, EffectiveWeight: > 0 });
        return serving > 0 && serving < minReady;
    }

    /// <summary>The first of all reasons why the destination may not take the flow, or null when it may.</summary>
    public static Verdict? Against(Destination destination, Exclusions? exclusions)
    {
        var judgement = destination.Judgement;
        if (judgement.Availability != Availability.InService)
        {
            return judgement.DecidedBy switch
            {
                StandingWord.Admin => judgement.Availability == Availability.Draining ? Verdict.Drained : Verdict.InMaintenance,
                StandingWord.Passive => Verdict.Ejected,
                StandingWord.Agent => Verdict.AgentRefuses,
                StandingWord.Probe => destination.Standing.Probe == ProbeVerdict.Pending ? Verdict.ProbePending : Verdict.ProbeDown,
                _ => Verdict.Quiesced,
            };
        }

        return exclusions?.Contains(destination) == true ? Verdict.Excluded
            : destination.State.IsAtMaximum ? Verdict.AtMaxConnections
            : destination.State.IsFull ? Verdict.OverThreshold
            : null;
    }
}
