namespace Gateway.Telemetry.AccessLogging;

/// <summary>Where lines of the access log go. Used by one task only.</summary>
internal interface IAccessSink : IDisposable
{
    /// <summary>Writes whole lines, and returns when the operating system has them.</summary>
    /// <exception cref="IOException">They could not be written; the next call may succeed.</exception>
    void Write(ReadOnlySpan<byte> lines);
}
