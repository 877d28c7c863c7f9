namespace Gateway.Telemetry.AccessLogging;

/// <summary>Lines could not be written, or not all of them.</summary>
/// <param name="kept">Bytes of the lines that are written wholly; the others are lost.</param>
/// <param name="cause">What went wrong.</param>
internal sealed class LinesLostException(int kept, IOException cause) : IOException(cause.Message, cause)
{
    public int Kept => kept;
}
