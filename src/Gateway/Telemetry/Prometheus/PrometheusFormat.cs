using Microsoft.Net.Http.Headers;

namespace Gateway.Telemetry.Prometheus;

/// <summary>The text formats of <c>/metrics</c>.</summary>
internal enum PrometheusFormat
{
    /// <summary>Prometheus text format 0.0.4.</summary>
    Text,

    /// <summary>OpenMetrics 1.0.0.</summary>
    OpenMetrics,
}

/// <summary>Chooses the format of an answer from the <c>Accept</c> header (RFC 9110, section 12.5.1).</summary>
/// <remarks>
/// OpenMetrics is given only to a client that names it, with version 1.0.0 or none, and does not prefer
/// <c>text/plain</c>. Everything else gets the older format, also a header that accepts neither: a scraper that asks for
/// something strange is better served than refused.
/// </remarks>
internal static class PrometheusFormats
{
    public static string ContentType(PrometheusFormat format) => format switch
    {
        PrometheusFormat.OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        _ => "text/plain; version=0.0.4; charset=utf-8",
    };

    public static PrometheusFormat Choose(IList<string> accept)
    {
        if (!MediaTypeHeaderValue.TryParseList(accept, out var ranges))
        {
            return PrometheusFormat.Text;
        }

        double? openMetrics = null;
        double? plain = null;
        foreach (var range in ranges)
        {
            var quality = range.Quality ?? 1;
            if (range.MediaType.Equals("application/openmetrics-text", StringComparison.OrdinalIgnoreCase)
                && Version(range) is null or "1.0.0")
            {
                openMetrics = Math.Max(openMetrics ?? 0, quality);
            }
            else if (range.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase)
                && Version(range) is null or "0.0.4")
            {
                plain = Math.Max(plain ?? 0, quality);
            }
        }

        return openMetrics > 0 && openMetrics >= (plain ?? 0) ? PrometheusFormat.OpenMetrics : PrometheusFormat.Text;
    }

    private static string? Version(MediaTypeHeaderValue range)
    {
        foreach (var parameter in range.Parameters)
        {
            if (parameter.Name.Equals("version", StringComparison.OrdinalIgnoreCase))
            {
                return HeaderUtilities.RemoveQuotes(parameter.Value).ToString();
            }
        }

        return null;
    }
}
