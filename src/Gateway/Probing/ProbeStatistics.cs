namespace Gateway.Probing;

/// <summary>What the probes of one destination found since the process started. Written by one loop, read by anybody
/// without a lock.</summary>
internal sealed class ProbeStatistics
{
    private readonly long[] _ended = new long[Enum.GetValues<ProbeOutcome>().Length];
    private volatile ProbeReport? _last;

    /// <summary>The last probe that ended; null before the first.</summary>
    public ProbeReport? Last => _last;

    /// <summary>Probes that ended with <paramref name="outcome"/>.</summary>
    public long Ended(ProbeOutcome outcome) => Volatile.Read(ref _ended[(int)outcome]);

    public void Record(ProbeReport report)
    {
        Interlocked.Increment(ref _ended[(int)report.Result.Outcome]);
        _last = report;
    }
}
