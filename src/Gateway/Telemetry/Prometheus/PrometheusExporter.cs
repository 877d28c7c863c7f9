using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Gateway.Telemetry.Prometheus;

/// <summary>Takes what the OpenTelemetry SDK has aggregated, when asked to, and keeps it as metric families.</summary>
/// <remarks>Only <see cref="MetricsPage"/> asks, once at a time; nothing here is safe for two at once.</remarks>
internal sealed class PrometheusExporter : BaseExporter<Metric>, IPullMetricExporter
{
    /// <summary>Set by the reader this exporter is given to; null while there is none.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>The result of the last collection, by name.</summary>
    public IReadOnlyList<MetricFamily> Families { get; private set; } = [];

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var families = new SortedDictionary<string, MetricFamily>(StringComparer.Ordinal);
        foreach (var metric in batch)
        {
            var kind = Kind(metric.MetricType);
            var unit = PrometheusName.Unit(metric.Unit, kind);
            var name = PrometheusName.Family(metric.Name, unit, kind);
            if (!families.TryGetValue(name, out var family))
            {
                families[name] = family = new MetricFamily(name, kind, unit, metric.Description);
            }

            // Two meters may use one name for different things; a page that says both is refused whole by Prometheus.
            if (family.Kind == kind)
            {
                MetricSamples.Add(family, metric);
            }
        }

        Families = [.. families.Values];
        return ExportResult.Success;
    }

    private static MetricFamilyKind Kind(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => MetricFamilyKind.Counter,
        MetricType.Histogram or MetricType.ExponentialHistogram => MetricFamilyKind.Histogram,
        _ => MetricFamilyKind.Gauge,
    };
}
