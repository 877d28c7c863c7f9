using Gateway.Telemetry.Prometheus;

namespace Gateway.Tests.Telemetry.Prometheus;

public sealed class PrometheusNameTests
{
    [Theory]
    [InlineData("gateway.request.duration", "s", MetricFamilyKind.Histogram, "gateway_request_duration_seconds")]
    [InlineData("gateway.destination.sent", "By", MetricFamilyKind.Counter, "gateway_destination_sent_bytes")]
    [InlineData("gateway.destination.flows", "{flow}", MetricFamilyKind.Counter, "gateway_destination_flows")]
    [InlineData("requests_total", "", MetricFamilyKind.Counter, "requests")]
    [InlineData("wait_seconds", "s", MetricFamilyKind.Gauge, "wait_seconds")]
    [InlineData("seconds", "s", MetricFamilyKind.Gauge, "seconds")]
    [InlineData("cache.hit", "1", MetricFamilyKind.Gauge, "cache_hit_ratio")]
    [InlineData("cache.hit", "1", MetricFamilyKind.Counter, "cache_hit")]
    [InlineData("disk.speed", "By/s", MetricFamilyKind.Gauge, "disk_speed_bytes_per_second")]
    [InlineData("a..b--c d", "", MetricFamilyKind.Gauge, "a_b_c_d")]
    [InlineData("2xx", "", MetricFamilyKind.Gauge, "_2xx")]
    [InlineData("größe", "", MetricFamilyKind.Gauge, "gr_e")]
    [InlineData("dotnet.timer.count", "{timer}", MetricFamilyKind.Gauge, "dotnet_timer_current")]
    [InlineData("dotnet.work_item.count", "{item}", MetricFamilyKind.Counter, "dotnet_work_item_count")]
    internal void Family_InstrumentAndUnit_FollowsTheSpecification(
        string instrument, string ucum, MetricFamilyKind kind, string expected) =>
        Assert.Equal(expected, PrometheusName.Family(instrument, PrometheusName.Unit(ucum, kind), kind));

    [Theory]
    [InlineData("error.type", "error_type")]
    [InlineData("a:b", "a_b")]
    [InlineData("1st", "_1st")]
    public void Label_Key_IsClean(string key, string expected) => Assert.Equal(expected, PrometheusName.Label(key));
}
