using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Gateway.Queueing;
using Gateway.Telemetry;
using Gateway.Tests.Support;
using Gateway.Tests.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Integration;

/// <summary>What the whole program tells of its traffic: on the metrics page, in the access log, as traces.</summary>
[Collection(MeasuredAlone.Name)]
public class ObservabilityTests
{
    [Fact]
    public async Task Metrics_AfterTraffic_TellItByRouteClusterAndDestination()
    {
        await using var a = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr",
            [Json.Destination("a", a.Address), Json.Destination("dead", $"http://{TcpDestination.Unused()}")]));
        for (var i = 0; i < 10; i++)
        {
            await gateway.Client.GetStringAsync("/");
        }

        var page = await ReadAsync(gateway, "/metrics");

        Assert.Contains("""gateway_destination_up{cluster="web",destination="a"} 1""", page, StringComparison.Ordinal);
        Assert.Equal(10, ValueOf(page, """gateway_destination_flows_total{cluster="web",destination="a"}"""));
        var tried = gateway.State("web", "dead").Flows;
        Assert.InRange(tried, 1, 10);
        Assert.Equal(tried, ValueOf(page, """gateway_destination_failures_total{cluster="web",destination="dead",reason="connect_refused"}"""));
        Assert.Equal(tried, ValueOf(page, """gateway_destination_retries_total{cluster="web",destination="dead"}"""));
        Assert.Equal(10, ValueOf(page, """gateway_request_duration_seconds_count{cluster="web",method="GET",route="all",status="2xx"}"""));
        Assert.True(ValueOf(page, """gateway_destination_received_bytes_total{cluster="web",destination="a"}""") > 100);
        Assert.Equal("ready\n", await ReadAsync(gateway, "/readyz"));
    }

    [Fact]
    public async Task AccessLog_RequestAndConnection_AreOneLineEach()
    {
        using var folder = new TemporaryFolder();
        var log = Path.Combine(folder.Path, "access.log");
        await using var a = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync($$"""
            { "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "web", "Match": { "Path": "/known/{**rest}" } } },
                "Clusters": { "web": { "Destinations": { {{Json.Destination("a", a.Address)}} } },
                              "pool": { "Destinations": { {{Json.Destination("t", a.Address.Replace("http", "tcp", StringComparison.Ordinal))}} } } } },
              "VirtualServers": { "tcp": { "Listen": [ "127.0.0.1:0" ], "Protocol": "tcp", "ClusterId": "pool" } },
              "Telemetry": { "Listen": "127.0.0.1:0", "AccessLog": { "Enabled": true, "Path": "{{log}}" } } }
            """);

        await gateway.Client.GetStringAsync("/known/path?secret=1");
        using (await gateway.Client.GetAsync("/unknown"))
        {
        }

        using (var client = new TcpClient())
        {
            await client.ConnectAsync(gateway.VirtualServer("tcp"));
            await client.GetStream().WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray());
            using var reader = new StreamReader(client.GetStream());
            await reader.ReadToEndAsync();
        }

        await Eventually.TrueAsync(() => File.Exists(log) && File.ReadAllLines(log).Length == 3, "three lines are written");
        var lines = File.ReadAllLines(log).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(("all", "web", "a", "/known/path", "completed"), (Of(lines[0], "route"), Of(lines[0], "cluster"),
            Of(lines[0], "destination"), Of(lines[0], "path"), Of(lines[0], "end")));
        Assert.Equal(200, lines[0].GetProperty("status").GetInt32());
        Assert.Equal("no_route", Of(lines[1], "end"));
        Assert.Equal(("tcp", "tcp", "pool", "t", "completed"), (Of(lines[2], "kind"), Of(lines[2], "listener"),
            Of(lines[2], "cluster"), Of(lines[2], "destination"), Of(lines[2], "end")));
        Assert.DoesNotContain("secret", File.ReadAllText(log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AccessLog_RequestThatWaitedForAPlace_SaysHowLong()
    {
        using var folder = new TemporaryFolder();
        var log = Path.Combine(folder.Path, "access.log");
        var release = new TaskCompletionSource();
        await using var a = await HttpDestination.StartAsync("a", async context =>
        {
            await release.Task;
            await context.Response.WriteAsync("a");
        });
        var json = Json.Proxy(
            "rr", [Json.Destination("a", a.Address, more: "\"MaxConnections\": 1,")], """ "Queue": { "Timeout": "00:01:00" }, """);
        await using var gateway = await RunningGateway.StartAsync(json.Insert(json.IndexOf('{') + 1,
            $$""" "Telemetry": { "Listen": "127.0.0.1:0", "AccessLog": { "Enabled": true, "Path": "{{log}}" } }, """));

        var first = gateway.Client.GetStringAsync("/first");
        await Eventually.TrueAsync(() => a.Requests == 1, "the first is at the destination");
        var second = gateway.Client.GetStringAsync("/second");
        await Eventually.TrueAsync(() => gateway.Services.GetRequiredService<ClusterQueues>().Find("web")?.Count == 1, "the second waits");
        await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        release.SetResult();
        await Task.WhenAll(first, second);

        await Eventually.TrueAsync(() => File.Exists(log) && File.ReadAllLines(log).Length == 2, "two lines are written");
        var lines = File.ReadAllLines(log).Select(line => JsonDocument.Parse(line).RootElement).ToDictionary(line => Of(line, "path")!);
        Assert.Equal(0, lines["/first"].GetProperty("queue_ms").GetDouble());
        Assert.InRange(lines["/second"].GetProperty("queue_ms").GetDouble(), 49, lines["/second"].GetProperty("total_ms").GetDouble());
        Assert.Equal(0, lines["/second"].GetProperty("connect_ms").GetDouble());
    }

    [Fact]
    public async Task AccessLog_NobodyCanBeConnectedTo_SaysWhoWasTriedAndWhy()
    {
        using var folder = new TemporaryFolder();
        var log = Path.Combine(folder.Path, "access.log");
        var json = Json.Relay("rr", [Json.Destination("dead", $"tcp://{TcpDestination.Unused()}")]);
        await using var gateway = await RunningGateway.StartAsync(json.Insert(json.IndexOf('{') + 1,
            $$""" "Telemetry": { "Listen": "127.0.0.1:0", "AccessLog": { "Enabled": true, "Path": "{{log}}" } }, """));

        using (var client = new TcpClient())
        {
            // The reset may come before the client's own connect has returned, or at its first read.
            var end = await Record.ExceptionAsync(async () =>
            {
                await client.ConnectAsync(gateway.VirtualServer("tcp"));
                Assert.NotEqual(0, await client.GetStream().ReadAsync(new byte[1]));
            });
            Assert.True(end is IOException or SocketException, $"{end}");
        }

        await Eventually.TrueAsync(() => File.Exists(log) && File.ReadAllLines(log).Length == 1, "the line is written");
        var line = JsonDocument.Parse(File.ReadAllText(log)).RootElement;
        Assert.Equal(("dead", "connect_refused"), (Of(line, "destination"), Of(line, "end")));
        Assert.Equal(1, line.GetProperty("attempts").GetInt32());
    }

    [Fact]
    public async Task Traces_OneRequest_AreOneTrace()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var a = await HttpDestination.StartAsync("a");
        var json = Json.Proxy("rr", [Json.Destination("a", a.Address)]);
        await using var gateway = await RunningGateway.StartAsync(json.Insert(json.IndexOf('{') + 1, $$"""
             "Telemetry": { "Listen": "127.0.0.1:0", "Otlp": { "Endpoint": "{{collector.Endpoint}}",
                            "Protocol": "http/protobuf", "Metrics": false } },
            """));

        await gateway.Client.GetStringAsync("/");
        // The sample destination and the client are in this process too, and their spans come along.
        var spans = new List<OtlpSpan>();
        while (!IsComplete(spans))
        {
            spans.AddRange(await collector.TakeSpansAsync(1));
        }

        var server = Server(spans)!;
        Assert.Equal("200", server.Attributes["http.response.status_code"]);
        Assert.Equal("{**catch-all}", server.Attributes["http.route"]);
        Assert.Equal("gateway", server.Service);
    }

    private static OtlpSpan? Server(List<OtlpSpan> spans) =>
        spans.Find(span => span.Source == "Microsoft.AspNetCore" && span.Name == "GET {**catch-all}");

    private static bool IsComplete(List<OtlpSpan> spans) =>
        Server(spans) is { } server
        && spans.Find(span => span.Source == "Yarp.ReverseProxy" && span.ParentId == server.SpanId) is { } forwarding
        && spans.Exists(span => span.Source == "System.Net.Http" && span.TraceId == forwarding.TraceId && span.ParentId == forwarding.SpanId);

    private static string Of(JsonElement line, string field) => line.GetProperty(field).GetString()!;

    private static double ValueOf(string page, string series)
    {
        var line = page.Split('\n').SingleOrDefault(l => l.StartsWith(series + " ", StringComparison.Ordinal));
        Assert.True(line is not null, $"No {series} in\n{page}");
        return double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture);
    }

    private static async Task<string> ReadAsync(RunningGateway gateway, string path)
    {
        using var client = new HttpClient();
        var listener = gateway.Services.GetRequiredService<TelemetryListener>().EndPoints[0];
        return await client.GetStringAsync(new Uri($"http://{listener}{path}"));
    }
}
