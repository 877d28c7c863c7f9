using System.Text;
using Gateway.Telemetry.Prometheus;

namespace Gateway.Tests.Telemetry.Prometheus;

public sealed class PrometheusTextTests
{
    [Theory]
    [InlineData(PrometheusFormat.Text, "families.prometheus.txt")]
    [InlineData(PrometheusFormat.OpenMetrics, "families.openmetrics.txt")]
    internal void Write_AllKinds_IsTheGoldenPage(PrometheusFormat format, string golden)
    {
        var expected = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "Telemetry", golden));

        Assert.Equal(expected, Encoding.UTF8.GetString(PrometheusText.Write(Families(), format)));
    }

    [Fact]
    public void Write_NoFamilies_IsAValidPage()
    {
        Assert.Empty(PrometheusText.Write([], PrometheusFormat.Text));
        Assert.Equal("# EOF\n"u8.ToArray(), PrometheusText.Write([], PrometheusFormat.OpenMetrics));
    }

    [Fact]
    public void Add_SeriesThatIsThere_IsLeftOut()
    {
        var family = new MetricFamily("a", MetricFamilyKind.Gauge, "", "");
        family.Add(new("", "x=\"1\"", "1"));
        family.Add(new("", "x=\"1\"", "2"));

        Assert.Equal("1", Assert.Single(family.Samples).Value);
    }

    private static MetricFamily[] Families()
    {
        var flows = new MetricFamily("flows", MetricFamilyKind.Counter, "", "Flows: \"new\" ones,\nand \\ others.");
        var label = PrometheusLabels.Render([new("cluster", "a\"b\\c\nd"), new("über.key", true), new("n", 1.5)]);
        flows.Add(new("_total", label, "3", new MetricExemplar("trace_id=\"ab\"", "1", DateTimeOffset.UnixEpoch)));

        var wait = new MetricFamily("wait_seconds", MetricFamilyKind.Histogram, "seconds", "Time.");
        var at = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_250);
        wait.Add(new("_bucket", "le=\"0.5\"", "1", new MetricExemplar("trace_id=\"cd\",span_id=\"ef\"", "0.25", at)));
        wait.Add(new("_bucket", "le=\"+Inf\"", "2"));
        wait.Add(new("_sum", "", "7.25"));
        wait.Add(new("_count", "", "2"));

        var up = new MetricFamily("up", MetricFamilyKind.Gauge, "", "");
        up.Add(new("", "", "NaN"));
        return [flows, wait, up];
    }
}
