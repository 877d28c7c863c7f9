namespace Gateway.Telemetry.AccessLogging;

/// <summary>The standard output as the place of the access log.</summary>
internal sealed class AccessOutput : IAccessSink
{
    private readonly Stream _output = Console.OpenStandardOutput();

    public void Write(ReadOnlySpan<byte> lines)
    {
        _output.Write(lines);
        _output.Flush();
    }

    public void Dispose() => _output.Dispose();
}
