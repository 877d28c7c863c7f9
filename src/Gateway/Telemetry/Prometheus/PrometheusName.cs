using System.Text;

namespace Gateway.Telemetry.Prometheus;

/// <summary>Turns names and units of OpenTelemetry instruments into names that Prometheus accepts.</summary>
/// <remarks>
/// Rule (OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility"): characters other than letters, digits
/// and <c>:</c> become <c>_</c>, runs of them one; the unit is spelled out and appended unless the name ends with it;
/// annotations such as <c>{flow}</c> are no units; <c>1</c> is <c>ratio</c> for gauges.
/// Example: counter <c>gateway.destination.sent</c> in <c>By</c> is <c>gateway_destination_sent_bytes</c>, and its sample
/// <c>gateway_destination_sent_bytes_total</c>.
/// One rule is Gateway's own: a gauge that ends in <c>_count</c>, a suffix that belongs to histograms, ends in
/// <c>_current</c> instead (<c>dotnet.timer.count</c> is <c>dotnet_timer_current</c>); promtool warns otherwise.
/// </remarks>
internal static class PrometheusName
{
    private const string Total = "_total";
    private const string Count = "_count";

    /// <summary>The name of the family, without <c>_total</c>.</summary>
    public static string Family(string instrument, string unit, MetricFamilyKind kind)
    {
        var name = Clean(instrument, allowColon: true);
        if (kind == MetricFamilyKind.Counter && name.EndsWith(Total, StringComparison.Ordinal))
        {
            name = name[..^Total.Length];
        }

        if (unit.Length > 0 && name != unit && !name.EndsWith('_' + unit, StringComparison.Ordinal))
        {
            name = $"{name}_{unit}";
        }

        return kind == MetricFamilyKind.Gauge && name.EndsWith(Count, StringComparison.Ordinal)
            ? name[..^Count.Length] + "_current"
            : name;
    }

    /// <summary>The name of a label; no colon, and no leading <c>__</c>, which Prometheus keeps for itself.</summary>
    public static string Label(string key) => Clean(key, allowColon: false);

    /// <summary>The word for a unit written in UCUM, or empty when a name should not carry it.</summary>
    public static string Unit(string ucum, MetricFamilyKind kind)
    {
        if (ucum.StartsWith('{'))
        {
            return "";
        }

        var slash = ucum.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0)
        {
            var (above, below) = (Word(ucum[..slash], kind), Singular(ucum[(slash + 1)..]));
            return above.Length > 0 && below.Length > 0 ? $"{above}_per_{below}" : above;
        }

        return Word(ucum, kind);
    }

    private static string Word(string unit, MetricFamilyKind kind) => unit switch
    {
        "" => "",
        "1" => kind == MetricFamilyKind.Gauge ? "ratio" : "",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "min" => "minutes",
        "h" => "hours",
        "d" => "days",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "%" => "percent",
        "Cel" => "celsius",
        "Hz" => "hertz",
        _ => unit.StartsWith('{') ? "" : Clean(unit, allowColon: false).Trim('_'),
    };

    private static string Singular(string unit) => unit switch
    {
        "s" => "second",
        "min" => "minute",
        "h" => "hour",
        "d" => "day",
        _ => unit.StartsWith('{') ? "" : Clean(unit, allowColon: false).Trim('_'),
    };

    private static string Clean(string name, bool allowColon)
    {
        var clean = new StringBuilder(name.Length + 1);
        foreach (var c in name)
        {
            var valid = char.IsAsciiLetterOrDigit(c) || (allowColon && c == ':');
            if (valid && clean.Length == 0 && char.IsAsciiDigit(c))
            {
                clean.Append('_');
            }

            if (valid || clean.Length == 0 || clean[^1] != '_')
            {
                clean.Append(valid ? c : '_');
            }
        }

        return clean.ToString();
    }
}
