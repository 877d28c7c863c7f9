using System.Net;
using Gateway.Telemetry;
using Gateway.Tests.Support;

namespace Gateway.Tests.Telemetry;

public class ExportWatchTests
{
    [Fact]
    public async Task Export_ThatFails_IsToldOnceUntilOneComesThrough()
    {
        var log = new RecordingLogger<OpenTelemetryService>();
        var port = FreePort.On(IPAddress.Loopback);
        using var sender = new HttpMessageInvoker(new ExportWatch(new HttpClient(), log));

        await TryAsync(sender, port);
        await TryAsync(sender, port);
        Assert.StartsWith($"Warning Telemetry:Otlp: exports to http://127.0.0.1:{port}/v1/traces fail: ", Assert.Single(log.Lines), StringComparison.Ordinal);

        await using (await HttpDestination.StartAsync("collector", port: port))
        {
            await TryAsync(sender, port);
            await TryAsync(sender, port);
        }

        Assert.Equal($"Information Telemetry:Otlp: exports to http://127.0.0.1:{port}/v1/traces come through again.", log.Lines.Last());
        await TryAsync(sender, port);
        Assert.Equal(3, log.Lines.Count);
    }

    [Fact]
    public async Task Export_ThatIsRefused_IsTold()
    {
        var log = new RecordingLogger<OpenTelemetryService>();
        await using var collector = await HttpDestination.StartAsync("collector", context =>
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        using var sender = new HttpMessageInvoker(new ExportWatch(new HttpClient(), log));

        await TryAsync(sender, collector.Port);

        Assert.Contains("HTTP status 404", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    /// <summary>A variable of the environment may say so; the section cannot.</summary>
    [Fact]
    public async Task Export_ToAnAddressThatIsNotOfHttp_IsTold()
    {
        var log = new RecordingLogger<OpenTelemetryService>();
        using var sender = new HttpMessageInvoker(new ExportWatch(new HttpClient(), log));

        await TryAsync(sender, new Uri("otel-collector:4317"));

        Assert.StartsWith("Warning Telemetry:Otlp: exports to otel-collector:4317 fail: ", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    private static Task TryAsync(HttpMessageInvoker sender, int port) => TryAsync(sender, new Uri($"http://127.0.0.1:{port}/v1/traces"));

    private static async Task TryAsync(HttpMessageInvoker sender, Uri address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address);
        try
        {
            using var response = await sender.SendAsync(request, CancellationToken.None);
        }
        catch (Exception e) when (e is HttpRequestException or NotSupportedException)
        {
            // The collector is away, or no address of one.
        }
    }
}
