namespace Gateway.Telemetry.AccessLogging;

/// <summary>Writes access records as lines; any thread may at any time.</summary>
internal interface IAccessLines
{
    /// <summary>Appends one line with its end.</summary>
    void Write(in AccessRecord record, LineWriter to);
}
