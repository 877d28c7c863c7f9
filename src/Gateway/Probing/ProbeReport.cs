namespace Gateway.Probing;

/// <summary>One probe that ended.</summary>
/// <param name="Result">What it found.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="At">When it ended.</param>
internal sealed record ProbeReport(ProbeResult Result, TimeSpan Duration, DateTimeOffset At);
