namespace Gateway.Telemetry;

/// <summary>How OTLP travels.</summary>
internal enum OtlpProtocol
{
    /// <summary><c>grpc</c>, usually to port 4317.</summary>
    Grpc,

    /// <summary><c>http/protobuf</c>, usually to port 4318.</summary>
    HttpProtobuf,
}

/// <summary>The <c>Telemetry:Otlp</c> section: export to an OpenTelemetry collector. What is not set here is taken from
/// the standard <c>OTEL_…</c> environment variables.</summary>
internal sealed record OtlpOptions
{
    /// <summary>The collector's address without the signal's path; null leaves it to the environment, and when that
    /// names none either, nothing is exported.</summary>
    public Uri? Endpoint { get; init; }

    public OtlpProtocol? Protocol { get; init; }

    /// <summary>Headers of each export as <c>name=value,name=value</c>; often a secret, so better in the environment.
    /// </summary>
    public string? Headers { get; init; }

    /// <summary>Whether traces are exported.</summary>
    public bool Traces { get; init; } = true;

    /// <summary>Share of new traces to record, 0 to 1; a request that comes with a trace follows its caller's decision.
    /// </summary>
    public double? TraceRatio { get; init; }

    /// <summary>Whether metrics are exported.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>The <c>service.name</c> of all that is exported; null is the environment's, else <c>gateway</c>.</summary>
    public string? ServiceName { get; init; }
}
