using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gateway.Telemetry;
using Gateway.Telemetry.Meters;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Tests.Telemetry;

[Collection(MeasuredAlone.Name)]
public sealed class OpenTelemetryServiceTests : IDisposable
{
    private readonly ActivitySource _server = new("Microsoft.AspNetCore");
    private readonly ActivitySource _proxy = new("Yarp.ReverseProxy");

    public void Dispose()
    {
        _server.Dispose();
        _proxy.Dispose();
    }

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf, HttpProtocols.Http1)]
    [InlineData(OtlpProtocol.Grpc, HttpProtocols.Http2)]
    internal async Task Traces_OneRequest_ArriveAsOneTrace(OtlpProtocol protocol, HttpProtocols transport)
    {
        await using var receiver = await OtlpReceiver.StartAsync(transport);
        await using (await StartAsync(new OtlpOptions
        {
            Endpoint = receiver.Endpoint,
            Protocol = protocol,
            Headers = "authorization=Bearer%20abc",
            Metrics = false,
        }))
        {
            SayRequest("/{**rest}", 502);
        }

        var spans = await receiver.TakeSpansAsync(2);

        var server = Assert.Single(spans, span => span.Source == "Microsoft.AspNetCore");
        var proxy = Assert.Single(spans, span => span.Source == "Yarp.ReverseProxy");
        Assert.Equal(server.TraceId, proxy.TraceId);
        Assert.Equal(server.SpanId, proxy.ParentId);
        Assert.Equal("", server.ParentId);
        Assert.Equal("GET /{**rest}", server.Name);
        Assert.Equal("/{**rest}", server.Attributes["http.route"]);
        Assert.Equal("502", server.Attributes["http.response.status_code"]);
        Assert.Equal("502", server.Attributes["error.type"]);
        Assert.Equal("gateway", server.Service);
        Assert.Equal("Bearer abc", receiver.Headers!.Authorization);
        Assert.Empty(receiver.SpansLeft());
    }

    [Fact]
    public async Task Traces_VariablesOfTheEnvironment_AreObeyed()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using (await StartAsync(new OtlpOptions(), new()
        {
            ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = receiver.Endpoint + "v1/traces",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_SERVICE_NAME"] = "edge",
        }))
        {
            SayRequest(null, 200);
        }

        var spans = await receiver.TakeSpansAsync(2);

        Assert.All(spans, span => Assert.Equal("edge", span.Service));
        Assert.Contains(spans, span => span.Name == "GET");
    }

    [Fact]
    public async Task Traces_RatioZero_RecordsNothing()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using (var host = await StartAsync(new OtlpOptions
        {
            Endpoint = receiver.Endpoint,
            Protocol = OtlpProtocol.HttpProtobuf,
            TraceRatio = 0,
        }))
        {
            SayRequest("/", 200);
        }

        await receiver.WaitForMetricAsync("gateway.build.info");
        Assert.Empty(receiver.SpansLeft());
    }

    [Fact]
    public async Task Metrics_Stop_ExportsWhatIsLeft()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using (var host = await StartAsync(new OtlpOptions
        {
            Endpoint = receiver.Endpoint,
            Protocol = OtlpProtocol.HttpProtobuf,
            Traces = false,
        }))
        {
            host.Get<RequestMeter>().Completed(new RequestRecord("r", "web", "GET", 200, TimeSpan.Zero));
            Assert.False(host.Get<OpenTelemetryService>().IsTracing);
        }

        await receiver.WaitForMetricAsync("gateway.request.duration");
    }

    [Fact]
    public async Task Start_NothingConfigured_NobodyListensToSpans()
    {
        await using var host = await StartAsync(new OtlpOptions());

        Assert.False(host.Get<OpenTelemetryService>().IsTracing);
        Assert.False(_server.HasListeners());
        Assert.False(_proxy.HasListeners());
    }

    [Fact]
    public async Task Stop_TimeIsOverAlready_DoesNotThrow()
    {
        await using var host = await StartAsync(new OtlpOptions());

        await host.Get<OpenTelemetryService>().StopAsync(new CancellationToken(canceled: true));

        Assert.False(host.Get<OpenTelemetryService>().IsTracing);
    }

    [Fact]
    public async Task Stop_CollectorDoesNotAnswer_EndsAnyway()
    {
        using var silent = new Socket(SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen();
        var host = await StartAsync(new OtlpOptions
        {
            Endpoint = new Uri($"http://{silent.LocalEndPoint}"),
            Protocol = OtlpProtocol.HttpProtobuf,
        });
        SayRequest("/", 200);

        await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static Task<TelemetryHost> StartAsync(OtlpOptions otlp, Dictionary<string, string?>? environment = null) =>
        TelemetryHost.StartAsync(
            new TelemetryOptions { Listen = [new IPEndPoint(IPAddress.Loopback, 0)], Otlp = otlp }, environment: environment);

    private void SayRequest(string? route, int status)
    {
        Activity.Current = null;
        using var server = _server.StartActivity("HttpRequestIn", ActivityKind.Server);
        server?.SetTag("http.request.method", "GET");
        using (_proxy.StartActivity("proxy.forwarder"))
        {
        }

        TraceNaming.Complete(server, route, status);
    }
}
