using System.Diagnostics.Metrics;

namespace Gateway.Telemetry.Meters;

/// <summary>Makes the meters of one Gateway, and knows them again: several in one process, as in tests, share names but
/// not measurements.</summary>
/// <remarks>The SDK takes instruments of the same meter name and tags for one and the same; hence the number as a tag. It
/// is 1 in a process with one Gateway, so it stays the same over restarts.</remarks>
internal sealed class MeterScope
{
    private static int _last;

    private readonly int _number = Interlocked.Increment(ref _last);

    public Meter Create(string name) =>
        new(new MeterOptions(name) { Scope = this, Tags = [new("gateway.scope", _number)] });

    public bool Owns(Instrument instrument) => ReferenceEquals(instrument.Meter.Scope, this);
}
