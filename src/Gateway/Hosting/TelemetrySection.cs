using System.Globalization;
using System.Net;
using Gateway.Configuration;
using Gateway.Telemetry;
using Gateway.Telemetry.AccessLogging;

namespace Gateway.Hosting;

/// <summary>Reads the <c>Telemetry</c> section, whose values the schema has checked, as the options of telemetry.</summary>
internal static class TelemetrySection
{
    public static TelemetryOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection("Telemetry");
        var defaults = new TelemetryOptions();
        var listen = section.GetSection("Listen");
        return new TelemetryOptions
        {
            Listen = listen.Exists() || listen.Value is not null ? ReadListen(listen) : defaults.Listen,
            Meters = section.GetSection("Meters").Get<string[]>() ?? [],
            AccessLog = ReadAccessLog(section.GetSection("AccessLog"), defaults.AccessLog),
            Otlp = ReadOtlp(section.GetSection("Otlp"), defaults.Otlp),
        };
    }

    // One address may be written as a plain string; an empty list is an empty string to .NET.
    private static IPEndPoint[] ReadListen(IConfigurationSection listen) =>
        [.. (listen.Value is { Length: > 0 } one ? [one] : listen.Get<string[]>() ?? [])
            .Select(text => ListenAddress.Parse(text)!)];

    private static AccessLogOptions ReadAccessLog(IConfigurationSection section, AccessLogOptions defaults) => new()
    {
        Enabled = section.GetValue("Enabled", defaults.Enabled),
        // What an environment variable without a value leaves.
        Path = section["Path"] is { Length: > 0 } path ? path : null,
        Format = section.GetValue("Format", defaults.Format),
        Query = section.GetValue("Query", defaults.Query),
        Buffer = section.GetValue("Buffer", defaults.Buffer),
    };

    private static OtlpOptions ReadOtlp(IConfigurationSection section, OtlpOptions defaults) => new()
    {
        Endpoint = section["Endpoint"] is { } endpoint ? new Uri(endpoint) : null,
        Protocol = section["Protocol"]?.ToUpperInvariant() switch
        {
            null => null,
            "GRPC" => OtlpProtocol.Grpc,
            _ => OtlpProtocol.HttpProtobuf,
        },
        Headers = section["Headers"],
        Traces = section.GetValue("Traces", defaults.Traces),
        TraceRatio = section["TraceRatio"] is { } ratio ? double.Parse(ratio, CultureInfo.InvariantCulture) : null,
        Metrics = section.GetValue("Metrics", defaults.Metrics),
        ServiceName = section["ServiceName"],
    };
}
