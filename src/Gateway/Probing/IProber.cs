namespace Gateway.Probing;

/// <summary>Looks at one destination once. When to look, and how many findings make a verdict, is decided elsewhere.
/// </summary>
internal interface IProber
{
    /// <summary>
    /// Probes <paramref name="target"/>. Whatever the destination does is a result and not an exception; when
    /// <paramref name="deadline"/> fires the result is <see cref="ProbeOutcome.ConnectTimedOut"/> or
    /// <see cref="ProbeOutcome.TimedOut"/>.
    /// </summary>
    Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline);
}
