using Gateway.Telemetry.Prometheus;

namespace Gateway.Tests.Telemetry.Prometheus;

public sealed class PrometheusFormatsTests
{
    [Theory]
    [InlineData("", PrometheusFormat.Text)]
    [InlineData("*/*", PrometheusFormat.Text)]
    [InlineData("text/html,*/*;q=0.8", PrometheusFormat.Text)]
    [InlineData("text/plain;version=0.0.4", PrometheusFormat.Text)]
    [InlineData("application/openmetrics-text", PrometheusFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text; version=\"1.0.0\"", PrometheusFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text;version=0.0.1", PrometheusFormat.Text)]
    [InlineData("application/openmetrics-text;version=2.0.0,text/plain;q=0.1", PrometheusFormat.Text)]
    [InlineData("application/openmetrics-text;q=0", PrometheusFormat.Text)]
    [InlineData("application/openmetrics-text;q=0.4,text/plain;q=0.5", PrometheusFormat.Text)]
    [InlineData("application/openmetrics-text;q=0.5,text/plain;q=0.4", PrometheusFormat.OpenMetrics)]
    [InlineData("not a media type", PrometheusFormat.Text)]
    // Prometheus 2.42 and 3.0.
    [InlineData(
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        PrometheusFormat.OpenMetrics)]
    [InlineData(
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;"
        + "q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        PrometheusFormat.OpenMetrics)]
    internal void Choose_AcceptHeader_FormatNamedWithTheHigherQuality(string accept, PrometheusFormat expected) =>
        Assert.Equal(expected, PrometheusFormats.Choose([accept]));

    [Fact]
    public void Choose_SeveralHeaders_AreOneList() => Assert.Equal(
        PrometheusFormat.OpenMetrics, PrometheusFormats.Choose(["text/plain;q=0.1", "application/openmetrics-text"]));
}
