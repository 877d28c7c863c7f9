using System.Globalization;
using OpenTelemetry.Exporter;

namespace Gateway.Telemetry;

/// <summary>The <c>Otlp</c> section written as the standard environment variables and laid over the real ones, so that
/// the SDK's own reading of them is the only mechanism.</summary>
/// <remarks>Variables: OpenTelemetry specification, "Environment Variable Specification" and "OTLP Exporter
/// Configuration". A variable for one signal (<c>OTEL_EXPORTER_OTLP_TRACES_ENDPOINT</c>) wins over the section's general
/// endpoint, as it does over the general variable.</remarks>
internal sealed class OtlpSettings
{
    public OtlpSettings(OtlpOptions options, IConfiguration environment)
    {
        var layer = new Dictionary<string, string?>
        {
            // Disables exports, decided below; the SDK would take /metrics away as well.
            ["OTEL_SDK_DISABLED"] = "false",
        };
        Set(layer, "OTEL_EXPORTER_OTLP_ENDPOINT", options.Endpoint?.ToString());
        Set(layer, "OTEL_EXPORTER_OTLP_HEADERS", options.Headers);
        Set(layer, "OTEL_EXPORTER_OTLP_PROTOCOL", options.Protocol switch
        {
            OtlpProtocol.Grpc => "grpc",
            OtlpProtocol.HttpProtobuf => "http/protobuf",
            _ => null,
        });
        if (options.TraceRatio is { } ratio)
        {
            layer["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio";
            layer["OTEL_TRACES_SAMPLER_ARG"] = ratio.ToString(CultureInfo.InvariantCulture);
        }

        Set(layer, "OTEL_SERVICE_NAME", options.ServiceName ?? (NamesService(environment) ? null : "gateway"));

        Variables = new ConfigurationBuilder().AddConfiguration(environment).AddInMemoryCollection(layer).Build();
        var disabled = environment["OTEL_SDK_DISABLED"]?.Trim().Equals("true", StringComparison.OrdinalIgnoreCase) == true;
        Traces = options.Traces && !disabled && IsWanted("TRACES");
        Metrics = options.Metrics && !disabled && IsWanted("METRICS");
    }

    /// <summary>What the SDK reads in place of the environment.</summary>
    public IConfiguration Variables { get; }

    /// <summary>Whether traces are recorded and exported.</summary>
    public bool Traces { get; }

    /// <summary>Whether metrics are exported, beside being served.</summary>
    public bool Metrics { get; }

    /// <summary>Sets what the variables say for one signal, <c>TRACES</c> or <c>METRICS</c>; the SDK reads only the general
    /// ones by itself. An endpoint given for a signal is used as it is, without the signal's path behind it.</summary>
    public void Specialise(OtlpExporterOptions exporter, string signal)
    {
        var prefix = $"OTEL_EXPORTER_OTLP_{signal}_";
        if (Uri.TryCreate(Variables[prefix + "ENDPOINT"], UriKind.Absolute, out var endpoint))
        {
            exporter.Endpoint = endpoint;
        }

        exporter.Headers = Variables[prefix + "HEADERS"] ?? exporter.Headers;
        exporter.Protocol = Variables[prefix + "PROTOCOL"] switch
        {
            "grpc" => OtlpExportProtocol.Grpc,
            "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            _ => exporter.Protocol,
        };
        if (int.TryParse(Variables[prefix + "TIMEOUT"], CultureInfo.InvariantCulture, out var milliseconds))
        {
            exporter.TimeoutMilliseconds = milliseconds;
        }
    }

    private static void Set(Dictionary<string, string?> layer, string name, string? value)
    {
        if (value is not null)
        {
            layer[name] = value;
        }
    }

    private static bool NamesService(IConfiguration environment) =>
        !string.IsNullOrEmpty(environment["OTEL_SERVICE_NAME"])
        || (environment["OTEL_RESOURCE_ATTRIBUTES"] ?? "").Split(',')
            .Any(pair => pair.TrimStart().StartsWith("service.name=", StringComparison.Ordinal));

    /// <summary>A signal is exported when its exporter is named, or when there is an endpoint and the exporter is not
    /// another one. Without this rule every Gateway would try to reach localhost:4317, the specification's default.
    /// </summary>
    private bool IsWanted(string signal)
    {
        var exporter = Variables[$"OTEL_{signal}_EXPORTER"];
        if (!string.IsNullOrWhiteSpace(exporter))
        {
            return exporter.Split(',').Any(name => name.Trim().Equals("otlp", StringComparison.OrdinalIgnoreCase));
        }

        return !string.IsNullOrWhiteSpace(Variables["OTEL_EXPORTER_OTLP_ENDPOINT"])
            || !string.IsNullOrWhiteSpace(Variables[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]);
    }
}
