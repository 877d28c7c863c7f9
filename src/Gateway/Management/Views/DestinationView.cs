using Gateway.Clusters;

namespace Gateway.Management.Views;

/// <summary>One destination as the API tells it.</summary>
internal sealed record DestinationView
{
    public required string Id { get; init; }

    public required string Cluster { get; init; }

    public required string Address { get; init; }

    /// <summary>One word for all: <c>ready</c>, <c>full</c>, <c>drain</c>, <c>maintenance</c>, <c>pending</c> or
    /// <c>down</c>.</summary>
    public required string State { get; init; }

    /// <summary>Why; empty when nothing is said against it.</summary>
    public required string Reason { get; init; }

    /// <summary>The word that made it so.</summary>
    public required StandingWord DecidedBy { get; init; }

    public required WordsView Words { get; init; }

    /// <summary>The configured weight, or the one a person set.</summary>
    public required int Weight { get; init; }

    /// <summary>The weight schedulers share by now.</summary>
    public required double EffectiveWeight { get; init; }

    public required bool Backup { get; init; }

    /// <summary>Its rank among the backups; null when it is none.</summary>
    public int? BackupRank { get; init; }

    /// <summary>Most flows at once; 0 is no limit.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>Flows in progress.</summary>
    public required int Active { get; init; }

    /// <summary>Connections that are closing, and UDP clients.</summary>
    public required int Inactive { get; init; }

    /// <summary>Flows given to it since the start or the last reset.</summary>
    public required long Flows { get; init; }

    /// <summary>New flows a second, over the last seconds.</summary>
    public required double Rate { get; init; }

    /// <summary>Flows that failed, for any reason of the destination's.</summary>
    public required long Errors { get; init; }

    /// <summary>The same by reason; those that never happened are left out.</summary>
    public required IReadOnlyDictionary<string, long> ErrorsByReason { get; init; }

    /// <summary>Flows that failed here and were tried elsewhere.</summary>
    public required long Retries { get; init; }

    public required long BytesReceived { get; init; }

    public required long BytesSent { get; init; }

    /// <summary>Mean time of the flows that ended lately: of a request its whole, of a connection the connecting; null when
    /// none did.</summary>
    public double? LatencyMilliseconds { get; init; }

    public ProbeView? LastProbe { get; init; }

    /// <summary>What the kernel has counted; null when it forwards nothing to it. The counters above include it.</summary>
    public KernelCountersView? Kernel { get; init; }
}

/// <summary>The five words on a destination.</summary>
/// <param name="Configured">The weight of the configuration.</param>
/// <param name="Probe">The probe's verdict: <c>none</c>, <c>pending</c>, <c>up</c> or <c>down</c>.</param>
/// <param name="ProbeReason">Why.</param>
/// <param name="ProbeSince">Since when.</param>
/// <param name="Passive">What real traffic says against it; null is nothing.</param>
/// <param name="Agent">What its agent asks for; null when it has none.</param>
/// <param name="Admin">What a person ordered; null is nothing.</param>
/// <param name="Weight">The weight a person set; null is none.</param>
internal sealed record WordsView(
    int Configured, ProbeVerdict Probe, string ProbeReason, DateTimeOffset ProbeSince,
    PassiveWord? Passive, AgentWord? Agent, AdminWord? Admin, WeightWord? Weight)
{
    public static WordsView Of(Destination destination)
    {
        var standing = destination.Standing;
        return new(destination.Options.Weight, standing.Probe, standing.ProbeReason, standing.Since,
            standing.Passive, standing.Agent, standing.Admin, standing.PersonsWeight);
    }
}

/// <summary>The last probe of a destination.</summary>
/// <param name="Outcome">A word of the closed list, such as <c>passed</c> or <c>timed_out</c>.</param>
/// <param name="Detail">A few words more.</param>
/// <param name="At">When it ended.</param>
/// <param name="Milliseconds">How long it took.</param>
internal sealed record ProbeView(string Outcome, string Detail, DateTimeOffset At, double Milliseconds);
