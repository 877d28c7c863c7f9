namespace Gateway.Simulation;

/// <summary>The clock of a simulation: it stands until it is told to go on. Not thread-safe.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    private TimeSpan _elapsed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _elapsed.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + _elapsed;

    public void Advance(TimeSpan by) => _elapsed += by;
}
