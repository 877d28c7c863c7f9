namespace Gateway.Telemetry.AccessLogging;

/// <summary>The standard output as the place of the access log.</summary>
/// <param name="output">The standard output.</param>
internal sealed class AccessOutput(Stream output) : IAccessSink
{
    // Others write there too, so that nothing of it can be taken back, and nobody can tell how far a line has come.
    private bool _isTorn;

    public void Write(ReadOnlySpan<byte> lines)
    {
        if (_isTorn)
        {
            output.Write("\n"u8);
        }

        _isTorn = true;
        output.Write(lines);
        output.Flush();
        _isTorn = false;
    }

    public void Dispose() => output.Dispose();
}
