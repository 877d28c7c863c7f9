using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Gateway.Telemetry.Prometheus;
using Gateway.Tests.Support;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Gateway.Tests.Telemetry.Prometheus;

[Collection(MeasuredAlone.Name)]
public sealed class PrometheusExporterTests : IDisposable
{
    private readonly FakeTime _time = new();
    private readonly Meter _meter = new("test.exporter.one");
    private readonly Meter _other = new("test.exporter.two");
    private readonly PrometheusExporter _exporter = new();
    private readonly MeterProvider _provider;
    private readonly MetricsPage _page;

    public PrometheusExporterTests()
    {
        _provider = Sdk.CreateMeterProviderBuilder().AddMeter(_meter.Name, _other.Name)
            .SetExemplarFilter(ExemplarFilterType.TraceBased)
            .AddReader(new BaseExportingMetricReader(_exporter)).Build();
        _page = new MetricsPage(_exporter, _time);
    }

    public void Dispose()
    {
        _page.Dispose();
        _provider.Dispose();
        _meter.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task Render_EachKindOfInstrument_IsWritten()
    {
        _meter.CreateCounter<long>("bytes", "By", "Bytes.").Add(long.MaxValue);
        _meter.CreateCounter<double>("cpu", "s").Add(0.5);
        _meter.CreateUpDownCounter<int>("open").Add(-2);
        _meter.CreateUpDownCounter<double>("level").Add(1.25);
        _meter.CreateObservableGauge("gauge", () => double.PositiveInfinity);
        _meter.CreateObservableGauge("gauge.long", () => 7L);

        Assert.Equal(
            """
            # HELP bytes_total Bytes.
            # TYPE bytes_total counter
            bytes_total 9223372036854775807
            # TYPE cpu_seconds_total counter
            cpu_seconds_total 0.5
            # TYPE gauge gauge
            gauge +Inf
            # TYPE gauge_long gauge
            gauge_long 7
            # TYPE level gauge
            level 1.25
            # TYPE open gauge
            open -2

            """,
            await RenderAsync(PrometheusFormat.Text));
    }

    [Fact]
    public async Task Render_Histogram_BucketsAddUpAndExemplarStandsAtItsBucket()
    {
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] };
        var histogram = _meter.CreateHistogram("wait", "s", "Wait.", tags: null, advice);
        histogram.Record(0.25, new KeyValuePair<string, object?>("route", "a"));
        using var activity = new Activity("traced") { ActivityTraceFlags = ActivityTraceFlags.Recorded };
        activity.SetIdFormat(ActivityIdFormat.W3C).Start();
        histogram.Record(0.75, new KeyValuePair<string, object?>("route", "a"));
        histogram.Record(4, new KeyValuePair<string, object?>("route", "a"));
        activity.Stop();

        var lines = (await RenderAsync(PrometheusFormat.OpenMetrics)).Split('\n');

        var exemplar = $" # {{trace_id=\"{activity.TraceId}\",span_id=\"{activity.SpanId}\"}} ";
        Assert.Equal("wait_seconds_bucket{route=\"a\",le=\"0.5\"} 1", lines[3]);
        Assert.StartsWith("wait_seconds_bucket{route=\"a\",le=\"1.0\"} 2" + exemplar + "0.75 ", lines[4], StringComparison.Ordinal);
        Assert.StartsWith("wait_seconds_bucket{route=\"a\",le=\"+Inf\"} 3" + exemplar + "4 ", lines[5], StringComparison.Ordinal);
        Assert.Equal("wait_seconds_sum{route=\"a\"} 5", lines[6]);
        Assert.Equal("wait_seconds_count{route=\"a\"} 3", lines[7]);
        Assert.DoesNotContain("trace_id", await RenderAsync(PrometheusFormat.Text), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Render_TwoMetersWithOneName_AreOneFamilyWithoutDoubles()
    {
        _meter.CreateCounter<long>("jobs").Add(1, new KeyValuePair<string, object?>("queue", "a"));
        var other = _other.CreateCounter<long>("jobs");
        other.Add(2, new KeyValuePair<string, object?>("queue", "b"));
        other.Add(3, new KeyValuePair<string, object?>("queue", "a"));

        Assert.Equal(
            "# TYPE jobs_total counter\njobs_total{queue=\"a\"} 1\njobs_total{queue=\"b\"} 2\n",
            await RenderAsync(PrometheusFormat.Text));
    }

    [Fact]
    public async Task Render_TwoMetersDisagreeOnTheKind_FirstIsKept()
    {
        _meter.CreateCounter<long>("jobs").Add(1);
        _other.CreateObservableGauge("jobs", () => 9L);

        Assert.Equal("# TYPE jobs_total counter\njobs_total 1\n", await RenderAsync(PrometheusFormat.Text));
    }

    [Fact]
    public async Task Render_WithinASecond_CollectsOnce()
    {
        var collections = 0;
        _meter.CreateObservableGauge("collections", () => Interlocked.Increment(ref collections));

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => RenderAsync(PrometheusFormat.Text))));
        await RenderAsync(PrometheusFormat.OpenMetrics);
        Assert.Equal(1, collections);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("\ncollections 2\n", await RenderAsync(PrometheusFormat.Text), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Render_ExporterWithoutReader_IsNoPage()
    {
        using var exporter = new PrometheusExporter();
        using var page = new MetricsPage(exporter, _time);

        Assert.Null(await page.RenderAsync(PrometheusFormat.Text, CancellationToken.None));
    }

    private async Task<string> RenderAsync(PrometheusFormat format)
    {
        var page = await _page.RenderAsync(format, CancellationToken.None);
        return Encoding.UTF8.GetString(Assert.IsType<byte[]>(page));
    }
}
