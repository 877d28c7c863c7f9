namespace Gateway.Telemetry.AccessLogging;

/// <summary>How a line of the access log looks.</summary>
internal enum AccessLogFormat
{
    /// <summary>One JSON object a line.</summary>
    Json,

    /// <summary>Fields separated by spaces, for people and <c>awk</c>.</summary>
    Text,
}

/// <summary>The <c>Telemetry:AccessLog</c> section: one line for each request and each relayed connection.</summary>
internal sealed record AccessLogOptions
{
    public bool Enabled { get; init; }

    /// <summary>The file to append to; null is the standard output.</summary>
    public string? Path { get; init; }

    public AccessLogFormat Format { get; init; }

    /// <summary>Whether the query string is written; it often holds what should not be in a log.</summary>
    public bool Query { get; init; }

    /// <summary>Lines that may wait to be written, of a KiB each on average; more are dropped and counted, so that a slow disk never
    /// slows traffic.</summary>
    public int Buffer { get; init; } = 16384;
}
