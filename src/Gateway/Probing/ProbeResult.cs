namespace Gateway.Probing;

/// <summary>What one probe found.</summary>
/// <param name="Outcome">The word for it.</param>
/// <param name="Detail">A few words more for the log, such as the status or the beginning of the answer; never what was
/// sent, which may hold a password.</param>
internal readonly record struct ProbeResult(ProbeOutcome Outcome, string Detail = "")
{
    public bool Passed => Outcome == ProbeOutcome.Passed;

    /// <summary>Whether the probe says anything of the destination.</summary>
    public bool Decides => Outcome != ProbeOutcome.LocalFailure;

    public override string ToString() => Detail.Length == 0 ? $"{Outcome}" : $"{Outcome} ({Detail})";
}
