namespace Gateway.Telemetry.AccessLogging;

/// <summary>Where lines of the access log go. Used by one task only.</summary>
internal interface IAccessSink : IDisposable
{
    /// <summary>Writes whole lines, and returns when the operating system has them.</summary>
    /// <exception cref="LinesLostException">Only some could be written; the next call may succeed, and begins a line.</exception>
    /// <exception cref="IOException">None could be written, as far as is known; the same holds.</exception>
    void Write(ReadOnlySpan<byte> lines);
}
