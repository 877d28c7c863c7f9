using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Gateway.Telemetry.Meters;

/// <summary>Which meters are exported, and how much of each.</summary>
/// <remarks>
/// An instrument that no view wants is not even enabled, so it costs nothing. Left out are the instruments of .NET that
/// are written to with each request and say what <c>gateway.request.duration</c> and <c>gateway.destination.*</c> say:
/// the meter <c>Microsoft.AspNetCore.Hosting</c>, and of <c>System.Net.Http</c> all but the life of connections, without
/// the destination's address. Whoever wants them names the meter in <c>Telemetry:Meters</c>, and gets it whole.
/// </remarks>
internal sealed class MetricViews(MeterScope scope, GatewayMeter gateway, IReadOnlyList<string> extra)
{
    private const string HttpClient = "System.Net.Http";

    private static readonly string[] _always =
    [
        GatewayMeter.Name,
        ProcessMeter.Name,
        "System.Runtime",
        "Microsoft.AspNetCore.Server.Kestrel",
        HttpClient,
        "System.Net.NameResolution",
    ];

    /// <summary>Names of the meters to listen to.</summary>
    public string[] Meters { get; } = [.. _always.Union(extra, StringComparer.OrdinalIgnoreCase)];

    /// <summary>How one instrument is aggregated; null is as the SDK does it.</summary>
    public MetricStreamConfiguration? For(Instrument instrument) => instrument.Meter.Name switch
    {
        GatewayMeter.Name or ProcessMeter.Name when !scope.Owns(instrument) => MetricStreamConfiguration.Drop,
        GatewayMeter.Name => new MetricStreamConfiguration { CardinalityLimit = gateway.SeriesLimit(instrument.Name) },
        HttpClient when !extra.Contains(HttpClient, StringComparer.OrdinalIgnoreCase) =>
            instrument.Name == "http.client.connection.duration"
                ? new MetricStreamConfiguration { TagKeys = ["network.protocol.version"] }
                : MetricStreamConfiguration.Drop,
        _ => null,
    };
}
