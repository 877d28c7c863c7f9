using Gateway.Clusters;
using Gateway.Telemetry;
using Gateway.Telemetry.Meters;
using Gateway.Telemetry.Prometheus;
using Gateway.Tests.Support;

namespace Gateway.Tests.Telemetry.Meters;

[Collection(MeasuredAlone.Name)]
public sealed class GatewayMeterTests
{
    private readonly FakeTime _time = new();

    [Fact]
    public async Task Metrics_DestinationCounters_AreSeriesOfClusterAndDestination()
    {
        await using var host = await TelemetryHost.StartAsync(time: _time);
        host.Apply("a", "b");
        var state = host.Store.Current.Clusters[0].Destinations[1].State;
        Assert.True(state.TryBind());
        state.CountSent(100);
        state.CountReceived(5000);
        state.CountRetry();
        state.CountFailure(FailureReason.ResponseTimeout);

        var lines = (await host.ReadMetricsAsync()).Split('\n');

        const string B = "{cluster=\"web\",destination=\"b\"";
        Assert.Contains($"gateway_destination_flows_total{B}}} 1", lines);
        Assert.Contains($"gateway_destination_active_flows{B}}} 1", lines);
        Assert.Contains($"gateway_destination_inactive_flows{B}}} 0", lines);
        Assert.Contains($"gateway_destination_sent_bytes_total{B}}} 100", lines);
        Assert.Contains($"gateway_destination_received_bytes_total{B}}} 5000", lines);
        Assert.Contains($"gateway_destination_retries_total{B}}} 1", lines);
        Assert.Contains($"gateway_destination_failures_total{B},reason=\"response_timeout\"}} 1", lines);
        Assert.Contains($"gateway_destination_failures_total{B},reason=\"connect_refused\"}} 0", lines);
        Assert.Contains($"gateway_destination_up{B}}} 1", lines);
        Assert.Contains($"gateway_destination_ready{B}}} 1", lines);
        Assert.Contains($"gateway_destination_weight{B}}} 2", lines);
        Assert.Contains($"gateway_destination_effective_weight{B}}} 2", lines);
        Assert.Contains($"gateway_destination_max_connections{B}}} 0", lines);
        Assert.Contains("gateway_cluster_destinations{cluster=\"web\"} 2", lines);
        Assert.Contains("gateway_cluster_ready_destinations{cluster=\"web\"} 2", lines);
        Assert.Contains("gateway_snapshot_revision 1", lines);
    }

    [Fact]
    public async Task Metrics_DestinationGoesDown_IsNeitherUpNorReady()
    {
        await using var host = await TelemetryHost.StartAsync(time: _time);
        host.Store.Apply([TelemetryHost.Web("a") with { Probe = new ProbeOptions() }], []);
        host.Store.SetProbe(host.Store.Current.Clusters[0].Destinations[0], ProbeVerdict.Down, "timed_out");

        var lines = (await host.ReadMetricsAsync()).Split('\n');

        Assert.Contains("gateway_destination_up{cluster=\"web\",destination=\"a\"} 0", lines);
        Assert.Contains("gateway_destination_ready{cluster=\"web\",destination=\"a\"} 0", lines);
        Assert.Contains("gateway_destination_weight{cluster=\"web\",destination=\"a\"} 1", lines);
        Assert.Contains("gateway_destination_effective_weight{cluster=\"web\",destination=\"a\"} 0", lines);
        Assert.Contains("gateway_cluster_ready_destinations{cluster=\"web\"} 0", lines);
    }

    [Fact]
    public async Task Metrics_ClusterInPanic_SayWhatSchedulersUse()
    {
        await using var host = await TelemetryHost.StartAsync(time: _time);
        host.Store.Apply([TelemetryHost.Web("a", "b") with { Probe = new ProbeOptions(), Panic = true }], []);
        foreach (var destination in host.Store.Current.Clusters[0].Destinations)
        {
            host.Store.SetProbe(destination, ProbeVerdict.Down, "timed_out");
        }

        var lines = (await host.ReadMetricsAsync()).Split('\n');

        Assert.Contains("gateway_destination_up{cluster=\"web\",destination=\"b\"} 0", lines);
        Assert.Contains("gateway_destination_ready{cluster=\"web\",destination=\"b\"} 1", lines);
        Assert.Contains("gateway_destination_effective_weight{cluster=\"web\",destination=\"b\"} 2", lines);
        Assert.Contains("gateway_cluster_ready_destinations{cluster=\"web\"} 2", lines);
    }

    [Fact]
    public async Task Metrics_AgentAsksForALowerLimit_IsTheLimitThatIsTold()
    {
        await using var host = await TelemetryHost.StartAsync(time: _time);
        host.Apply("a");
        host.Store.SetAgent(host.Store.Current.Clusters[0].Destinations[0], new AgentWord(AgentOrder.Up, "", _time.GetUtcNow()) { MaxConnections = 7 });

        Assert.Contains("gateway_destination_max_connections{cluster=\"web\",destination=\"a\"} 7", (await host.ReadMetricsAsync()).Split('\n'));
    }

    [Fact]
    public async Task Metrics_NobodyScrapesWhileDestinationsComeAndGo_NothingPilesUp()
    {
        await using var host = await TelemetryHost.StartAsync(time: _time);
        for (var round = 0; round < 200; round++)
        {
            host.Apply([.. Enumerable.Range(0, 65).Select(i => $"r{round}-{i}")]);
            await host.Get<MetricsPage>().Released;
        }

        var page = await host.ReadMetricsAsync();

        Assert.Equal(65, page.Split('\n').Count(l => l.StartsWith("gateway_destination_up{", StringComparison.Ordinal)));
        Assert.Equal(65, page.Split('\n').Count(l => l.StartsWith("gateway_destination_weight{", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Metrics_DestinationRemoved_ItsSeriesEnd()
    {
        await using var host = await TelemetryHost.StartAsync(time: _time);
        host.Apply("a", "b");
        Assert.Contains("destination=\"b\"", await host.ReadMetricsAsync(), StringComparison.Ordinal);

        host.Apply("a");
        _time.Advance(TimeSpan.FromSeconds(1));
        var page = await host.ReadMetricsAsync();

        Assert.DoesNotContain("destination=\"b\"", page, StringComparison.Ordinal);
        Assert.Contains("destination=\"a\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_DestinationsComeAndGoForever_NoneIsFolded()
    {
        await using var host = await TelemetryHost.StartAsync(time: _time);
        for (var round = 0; round < 40; round++)
        {
            host.Apply([.. Enumerable.Range(0, 50).Select(i => $"r{round}-{i}")]);
            _time.Advance(TimeSpan.FromSeconds(1));
            var page = await host.ReadMetricsAsync();

            Assert.DoesNotContain("overflow", page, StringComparison.Ordinal);
            Assert.Equal(50, page.Split('\n').Count(l => l.StartsWith("gateway_destination_up{", StringComparison.Ordinal)));
            Assert.Contains($"destination=\"r{round}-49\"", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Metrics_ManyDestinations_AllHaveAllSeries()
    {
        await using var host = await TelemetryHost.StartAsync(time: _time);
        host.Apply([.. Enumerable.Range(0, 1000).Select(i => $"d{i}")]);

        var page = await host.ReadMetricsAsync();

        var reasons = Enum.GetValues<FailureReason>().Length;
        Assert.Equal(1000 * reasons, page.Split('\n')
            .Count(line => line.StartsWith("gateway_destination_failures_total{", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Completed_AnyClientInput_LabelsAreBounded()
    {
        await using var host = await TelemetryHost.StartAsync(time: _time);
        var meter = host.Get<RequestMeter>();
        meter.Completed(new RequestRecord("r", "web", "GET", 204, TimeSpan.FromMilliseconds(3)));
        meter.Completed(new RequestRecord(null, null, "x\"}\n", 0, TimeSpan.FromSeconds(2)));

        var lines = (await host.ReadMetricsAsync()).Split('\n');

        const string Known = "gateway_request_duration_seconds_bucket{cluster=\"web\",method=\"GET\",route=\"r\",status=\"2xx\",";
        Assert.Contains(Known + "le=\"0.0025\"} 0", lines);
        Assert.Contains(Known + "le=\"0.005\"} 1", lines);
        Assert.Contains(
            "gateway_request_duration_seconds_sum{cluster=\"\",method=\"_OTHER\",route=\"\",status=\"none\"} 2", lines);
    }

    [Fact]
    public async Task Completed_SeriesThatExists_AllocatesNothing()
    {
        await using var host = await TelemetryHost.StartAsync(time: _time);
        var meter = host.Get<RequestMeter>();
        var request = new RequestRecord("r", "web", "GET", 200, TimeSpan.FromMilliseconds(3));
        meter.Completed(request);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            meter.Completed(request);
        }

        // Tiered compilation may allocate a little on the way; one object a request would be 24 kB and more.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8000);
    }

    [Fact]
    public async Task Metrics_TwoGatewaysInOneProcess_AreApart()
    {
        await using var one = await TelemetryHost.StartAsync(time: _time);
        await using var two = await TelemetryHost.StartAsync(time: _time);
        one.Apply("a");
        two.Apply("b", "c");
        two.Get<RequestMeter>().Completed(new RequestRecord("r", "web", "GET", 200, TimeSpan.Zero));

        Assert.DoesNotContain("destination=\"b\"", await one.ReadMetricsAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("route=\"r\"", await one.ReadMetricsAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("destination=\"a\"", await two.ReadMetricsAsync(), StringComparison.Ordinal);
        Assert.Contains("gateway_cluster_destinations{cluster=\"web\"} 2\n", await two.ReadMetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_Readings_AreExported()
    {
        await using var host = await TelemetryHost.StartAsync(time: _time, readings: Readings());

        var lines = (await host.ReadMetricsAsync()).Split('\n');

        Assert.Contains("gateway_probe_results_total{cluster=\"web\",destination=\"a\",outcome=\"timed_out\"} 4", lines);
        Assert.Contains("gateway_probe_last_duration_seconds{cluster=\"web\",destination=\"a\"} 0.25", lines);
        Assert.Contains("gateway_virtual_server_connections_total{cluster=\"mail\",virtual_server=\"smtp\"} 10", lines);
        Assert.Contains("gateway_virtual_server_active_connections{cluster=\"mail\",virtual_server=\"smtp\"} 2", lines);
        Assert.Contains("gateway_virtual_server_rejected_total{cluster=\"mail\",virtual_server=\"smtp\"} 1", lines);
        Assert.Contains("gateway_virtual_server_received_bytes_total{cluster=\"mail\",virtual_server=\"smtp\"} 300", lines);
        Assert.Contains("gateway_virtual_server_sent_bytes_total{cluster=\"mail\",virtual_server=\"smtp\"} 400", lines);
        Assert.Contains("gateway_http_forwarded_total{forwarder=\"gateway\",lane=\"plain\"} 8", lines);
        Assert.Contains("gateway_http_forwarded_total{forwarder=\"yarp\",lane=\"pipeline\"} 3", lines);
        Assert.Contains("gateway_http_rejected_total{status=\"431\"} 6", lines);
        Assert.Contains("gateway_cluster_queue_length{cluster=\"web\"} 2", lines);
        Assert.Contains("gateway_cluster_queue_refused_total{cluster=\"web\"} 5", lines);
        Assert.Contains("gateway_configuration_revision 3", lines);
        Assert.Contains("gateway_configuration_last_reload_successful 0", lines);
        Assert.Contains("gateway_configuration_last_reload_timestamp_seconds 1700000000", lines);
        Assert.Contains("gateway_configuration_reloads_total{result=\"accepted\"} 3", lines);
        Assert.Contains("gateway_configuration_reloads_total{result=\"refused\"} 1", lines);
        Assert.Contains(lines, line => line.StartsWith("gateway_build_info{", StringComparison.Ordinal));
    }

    internal static TelemetryReadings Readings()
    {
        var store = new ClusterStore(TimeProvider.System);
        store.Apply([TelemetryHost.Web("a")], []);
        var destination = store.Current.Clusters[0].Destinations[0];
        return new TelemetryReadings
        {
            Probes = () => [new ProbeReading(destination, "timed_out", 4)],
            ProbeDurations = () => [new ProbeDurationReading(destination, TimeSpan.FromMilliseconds(250))],
            VirtualServers = () => [new VirtualServerReading("smtp", "mail", 10, 2, 1, 300, 400) { Ends = [new("client", 7)] }],
            Forwarded = () => [new("gateway", "plain", 8), new("yarp", "pipeline", 3)],
            Rejected = () => [new(431, 6)],
            Queues = () => [new QueueReading("web", 2, 5)],
            ProxyHeaderFaults = () => [new("Http", 3)],
            Configuration = () => new ConfigurationReading(
                3, false, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), 3, 1),
            KernelPaths = () => [new KernelPathReading("smtp", "ipv4", "direct", true)],
            KernelTargets = () => [new KernelTargetReading("smtp", "mail", "a") { Connections = 3, Active = 2, Inactive = 1, PacketsSent = 20, BytesSent = 1200 }],
            Kernel = () => (5, 2, 0, TimeSpan.FromMilliseconds(4)),
        };
    }
}
