namespace Gateway.Processes;

/// <summary>How a command ended.</summary>
/// <param name="Code">Its exit code, 0 to 255; null when it was killed or never started.</param>
/// <param name="Output">The beginning of what it printed.</param>
/// <param name="Problem">Why there is no exit code; null when there is one.</param>
/// <param name="IsStarted">Whether it ran at all.</param>
internal sealed record ChildExit(int? Code, byte[] Output, string? Problem = null, bool IsStarted = true);
