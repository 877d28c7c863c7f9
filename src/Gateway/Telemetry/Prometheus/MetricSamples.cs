using OpenTelemetry.Metrics;

namespace Gateway.Telemetry.Prometheus;

/// <summary>Turns the points of one OpenTelemetry metric into samples of a family.</summary>
internal static class MetricSamples
{
    public static void Add(MetricFamily family, Metric metric)
    {
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = PrometheusLabels.Render(point.Tags);
            switch (metric.MetricType)
            {
                case MetricType.Histogram:
                    AddHistogram(family, point, labels);
                    break;
                case MetricType.ExponentialHistogram:
                    // Its buckets have no text form; count and sum remain true.
                    AddHistogramEnd(family, point, labels, null);
                    break;
                case MetricType.LongSum:
                    family.Add(new("_total", labels, PrometheusNumber.Format(point.GetSumLong()), Last(point)));
                    break;
                case MetricType.DoubleSum:
                    family.Add(new("_total", labels, PrometheusNumber.Format(point.GetSumDouble()), Last(point)));
                    break;
                case MetricType.LongSumNonMonotonic:
                    family.Add(new("", labels, PrometheusNumber.Format(point.GetSumLong())));
                    break;
                case MetricType.DoubleSumNonMonotonic:
                    family.Add(new("", labels, PrometheusNumber.Format(point.GetSumDouble())));
                    break;
                case MetricType.LongGauge:
                    family.Add(new("", labels, PrometheusNumber.Format(point.GetGaugeLastValueLong())));
                    break;
                default:
                    family.Add(new("", labels, PrometheusNumber.Format(point.GetGaugeLastValueDouble())));
                    break;
            }
        }
    }

    private static void AddHistogram(MetricFamily family, in MetricPoint point, string labels)
    {
        var total = 0L;
        var below = double.NegativeInfinity;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            total += bucket.BucketCount;
            var exemplar = Between(point, below, bucket.ExplicitBound);
            below = bucket.ExplicitBound;
            if (double.IsPositiveInfinity(bucket.ExplicitBound))
            {
                AddHistogramEnd(family, point, labels, exemplar);
            }
            else
            {
                var bound = PrometheusNumber.Bound(bucket.ExplicitBound);
                family.Add(new("_bucket", WithBound(labels, bound), PrometheusNumber.Format(total), exemplar));
            }
        }
    }

    private static void AddHistogramEnd(
        MetricFamily family, in MetricPoint point, string labels, MetricExemplar? exemplar)
    {
        var count = PrometheusNumber.Format(point.GetHistogramCount());
        family.Add(new("_bucket", WithBound(labels, "+Inf"), count, exemplar));
        family.Add(new("_sum", labels, PrometheusNumber.Format(point.GetHistogramSum())));
        family.Add(new("_count", labels, count));
    }

    private static string WithBound(string labels, string bound) =>
        labels.Length > 0 ? $"{labels},le=\"{bound}\"" : $"le=\"{bound}\"";

    /// <summary>An exemplar that fell into the bucket above <paramref name="below"/>, up to <paramref name="bound"/>.</summary>
    private static MetricExemplar? Between(in MetricPoint point, double below, double bound)
    {
        if (point.TryGetExemplars(out var exemplars))
        {
            foreach (ref readonly var exemplar in exemplars)
            {
                if (exemplar.DoubleValue > below && exemplar.DoubleValue <= bound)
                {
                    return Exemplar(exemplar, PrometheusNumber.Format(exemplar.DoubleValue));
                }
            }
        }

        return null;
    }

    private static MetricExemplar? Last(in MetricPoint point)
    {
        MetricExemplar? last = null;
        if (point.TryGetExemplars(out var exemplars))
        {
            foreach (ref readonly var exemplar in exemplars)
            {
                if (last is null || exemplar.Timestamp > last.Time)
                {
                    last = Exemplar(exemplar, PrometheusNumber.Format(exemplar.DoubleValue));
                }
            }
        }

        return last;
    }

    /// <summary>Null for a measurement outside of any trace: an exemplar that leads nowhere is no use.</summary>
    private static MetricExemplar? Exemplar(in Exemplar exemplar, string value) =>
        exemplar.TraceId == default
            ? null
            : new($"trace_id=\"{exemplar.TraceId}\",span_id=\"{exemplar.SpanId}\"", value, exemplar.Timestamp);
}
