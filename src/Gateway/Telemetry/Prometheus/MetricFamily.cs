namespace Gateway.Telemetry.Prometheus;

/// <summary>The kinds of metric families that Gateway exports.</summary>
internal enum MetricFamilyKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>All samples of one name: what stands under one <c># TYPE</c> line. Not thread-safe.</summary>
/// <param name="name">The name without <c>_total</c>.</param>
/// <param name="kind">What the samples are.</param>
/// <param name="unit">The unit that <paramref name="name"/> ends with, or empty.</param>
/// <param name="help">One sentence, unescaped.</param>
internal sealed class MetricFamily(string name, MetricFamilyKind kind, string unit, string help)
{
    private readonly HashSet<(string Suffix, string Labels)> _seen = [];
    private readonly List<MetricSample> _samples = [];

    public string Name { get; } = name;

    public MetricFamilyKind Kind { get; } = kind;

    public string Unit { get; } = unit;

    public string Help { get; } = help;

    public IReadOnlyList<MetricSample> Samples => _samples;

    /// <summary>Adds a sample; one that repeats a series is left out, because a scrape with the same series twice is
    /// refused whole.</summary>
    public void Add(in MetricSample sample)
    {
        if (_seen.Add((sample.Suffix, sample.Labels)))
        {
            _samples.Add(sample);
        }
    }
}

/// <summary>One line of the page.</summary>
/// <param name="Suffix">What follows the family's name: empty, <c>_total</c>, <c>_bucket</c>, <c>_sum</c> or
/// <c>_count</c>.</param>
/// <param name="Labels">The labels as they stand between the braces; empty without labels.</param>
/// <param name="Value">The number as text.</param>
/// <param name="Exemplar">One measurement behind the value, with its trace.</param>
internal readonly record struct MetricSample(
    string Suffix, string Labels, string Value, MetricExemplar? Exemplar = null);

/// <summary>One measurement that was taken while a sampled trace was being recorded.</summary>
/// <param name="Labels">Trace and span, as they stand between the braces.</param>
/// <param name="Value">What was measured.</param>
/// <param name="Time">When.</param>
internal sealed record MetricExemplar(string Labels, string Value, DateTimeOffset Time);
