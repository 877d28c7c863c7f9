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

    private static async Task TryAsync(HttpMessageInvoker sender, int port)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}/v1/traces");
        try
        {
            using var response = await sender.SendAsync(request, CancellationToken.None);
        }
        catch (HttpRequestException)
        {
            // The collector is away.
        }
    }
}
