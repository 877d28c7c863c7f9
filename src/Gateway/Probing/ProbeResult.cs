using Gateway.Probing.Answers;

namespace Gateway.Probing;

/// <summary>What one probe found.</summary>
/// <param name="Outcome">The word for it.</param>
/// <param name="Detail">A few words more for the log, such as the status or the beginning of the answer; never what was
/// sent, which may hold a password.</param>
internal readonly record struct ProbeResult(ProbeOutcome Outcome, string Detail = "")
{
    /// <summary>In <see cref="Weight"/>: the weight as it is configured.</summary>
    public const int ConfiguredWeight = -1;

    /// <summary>What an agent on the destination says of it; null is nothing.</summary>
    public AgentReply? Agent { get; init; }

    /// <summary>The weight the destination is to have, or <see cref="ConfiguredWeight"/>; null is nothing said.</summary>
    public int? Weight { get; init; }

    /// <summary>Whether the destination works.</summary>
    public bool Passed => Outcome is ProbeOutcome.Passed or ProbeOutcome.Leaving;

    /// <summary>Whether the probe says anything of the destination.</summary>
    public bool Decides => Outcome != ProbeOutcome.LocalFailure;

    public override string ToString() => Detail.Length == 0 ? $"{Outcome}" : $"{Outcome} ({Detail})";
}
