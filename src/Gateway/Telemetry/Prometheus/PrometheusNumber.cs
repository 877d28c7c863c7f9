using System.Globalization;

namespace Gateway.Telemetry.Prometheus;

/// <summary>Numbers as Prometheus reads them, whatever the culture.</summary>
internal static class PrometheusNumber
{
    public static string Format(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Format(double value) =>
        double.IsNaN(value) ? "NaN"
        : double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The value of <c>le</c>: always with a point, the canonical form of OpenMetrics, also in the older format,
    /// because <c>le="1"</c> and <c>le="1.0"</c> are different series to Prometheus 2.</summary>
    public static string Bound(double bound)
    {
        var text = Format(bound);
        return text.AsSpan().IndexOfAny('.', 'E', 'I') < 0 ? text + ".0" : text;
    }
}
