using Gateway.Configuration;
using Gateway.Telemetry;
using Gateway.Telemetry.AccessLogging;

namespace Gateway.Hosting;

/// <summary>Tries at the start what telemetry would fail on only after listeners have opened, and then without a key.</summary>
internal static class TelemetryTrial
{
    private const string HeadersOfAll = "OTEL_EXPORTER_OTLP_HEADERS";

    /// <summary>Why telemetry cannot be as a configuration and the environment say; makes the file of the access log when there is
    /// none.</summary>
    public static IEnumerable<ConfigurationError> Check(LoadedConfiguration configuration, TelemetryOptions options, OtlpSettings otlp)
    {
        if (options.AccessLog is { Enabled: true, Path: { } path } && WhyNotWritable(path) is { } reason)
        {
            yield return configuration.Error("Telemetry:AccessLog:Path", $"cannot be written: {reason.TrimEnd('.')}",
                "Let the user that Gateway runs as write it, or name another file.");
        }

        string[] variables = [.. otlp.Traces ? ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] : Array.Empty<string>(),
            .. otlp.Metrics ? ["OTEL_EXPORTER_OTLP_METRICS_HEADERS"] : Array.Empty<string>(),
            .. otlp.Traces || otlp.Metrics ? [HeadersOfAll] : Array.Empty<string>()];
        foreach (var variable in variables)
        {
            if (OtlpHeaders.Fault(otlp.Variables[variable]) is { } fault)
            {
                yield return new ConfigurationError(variable, null, fault, OtlpHeaders.Remedy, new Origin($"environment variable {variable}"));
            }
        }
    }

    private static string? WhyNotWritable(string path)
    {
        // To open a pipe waits for whoever reads it.
        if (Clusters.FileStamp.Of(path) is { IsRegular: false })
        {
            return null;
        }

        try
        {
            new AccessFile(path).Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
