using System.Globalization;
using System.Text;

namespace Gateway.Telemetry.Prometheus;

/// <summary>Writes metric families as a page of text that Prometheus reads.</summary>
/// <remarks>
/// Both formats have one line a sample, <c>name{label="value"} number</c>, under one <c># HELP</c> and <c># TYPE</c> a
/// family. OpenMetrics 1.0.0 differs from text 0.0.4 in this: the family of a counter has no <c>_total</c> in its
/// comment lines, <c># UNIT</c> exists, quotes are escaped in help, a sample may be followed by
/// <c># {trace_id="…"} value time</c>, and the page ends with <c># EOF</c>, so that a page that was cut off is noticed.
/// Sources: prometheus.io "Exposition formats"; the OpenMetrics specification, section "Text format".
/// </remarks>
internal static class PrometheusText
{
    public static byte[] Write(IReadOnlyList<MetricFamily> families, PrometheusFormat format)
    {
        var page = new StringBuilder();
        foreach (var family in families)
        {
            WriteHead(page, family, format);
            foreach (var sample in family.Samples)
            {
                WriteSample(page, family, sample, format);
            }
        }

        if (format == PrometheusFormat.OpenMetrics)
        {
            page.Append("# EOF\n");
        }

        return Encoding.UTF8.GetBytes(page.ToString());
    }

    private static void WriteHead(StringBuilder page, MetricFamily family, PrometheusFormat format)
    {
        var openMetrics = format == PrometheusFormat.OpenMetrics;
        var name = family.Kind == MetricFamilyKind.Counter && !openMetrics ? family.Name + "_total" : family.Name;
        if (family.Help.Length > 0)
        {
            page.Append("# HELP ").Append(name).Append(' ');
            PrometheusLabels.Escape(page, family.Help, quotes: openMetrics);
            page.Append('\n');
        }

        page.Append("# TYPE ").Append(name).Append(' ').Append(Word(family.Kind)).Append('\n');
        if (openMetrics && family.Unit.Length > 0 && name.EndsWith('_' + family.Unit, StringComparison.Ordinal))
        {
            page.Append("# UNIT ").Append(name).Append(' ').Append(family.Unit).Append('\n');
        }
    }

    private static void WriteSample(
        StringBuilder page, MetricFamily family, in MetricSample sample, PrometheusFormat format)
    {
        page.Append(family.Name).Append(sample.Suffix);
        if (sample.Labels.Length > 0)
        {
            page.Append('{').Append(sample.Labels).Append('}');
        }

        page.Append(' ').Append(sample.Value);
        if (format == PrometheusFormat.OpenMetrics && sample.Exemplar is { } exemplar)
        {
            page.Append(" # {").Append(exemplar.Labels).Append("} ").Append(exemplar.Value).Append(' ')
                .Append(CultureInfo.InvariantCulture, $"{exemplar.Time.ToUnixTimeMilliseconds() / 1000m:0.000}");
        }

        page.Append('\n');
    }

    private static string Word(MetricFamilyKind kind) => kind switch
    {
        MetricFamilyKind.Counter => "counter",
        MetricFamilyKind.Histogram => "histogram",
        _ => "gauge",
    };
}
