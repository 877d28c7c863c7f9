using System.Net;
using Gateway.Telemetry.AccessLogging;

namespace Gateway.Telemetry;

/// <summary>The <c>Telemetry</c> section: what Gateway tells of itself, and where.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>Where <c>/metrics</c>, <c>/healthz</c> and <c>/readyz</c> are served; empty is nowhere.</summary>
    public IReadOnlyList<IPEndPoint> Listen { get; init; } = [new IPEndPoint(IPAddress.Any, 9464)];

    /// <summary>Meters of .NET or of a library to export whole beside Gateway's own choice, such as
    /// <c>Microsoft.AspNetCore.Hosting</c>.</summary>
    public IReadOnlyList<string> Meters { get; init; } = [];

    public AccessLogOptions AccessLog { get; init; } = new();

    public OtlpOptions Otlp { get; init; } = new();

    public bool Equals(TelemetryOptions? other) =>
        other is not null && Listen.SequenceEqual(other.Listen) && Meters.SequenceEqual(other.Meters)
        && AccessLog == other.AccessLog && Otlp == other.Otlp;

    public override int GetHashCode() => HashCode.Combine(Listen.Count, Meters.Count, AccessLog, Otlp);
}
