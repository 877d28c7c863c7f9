using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gateway.Queueing;
using Gateway.Telemetry;
using Gateway.Tests.Support;
using Gateway.Tests.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Integration;

/// <summary>Requests and relayed connections that wait for the places of one cluster.</summary>
[Collection(MeasuredAlone.Name)]
public class QueueTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("auto")]
    [InlineData("sockets")]
    public async Task Queue_RequestsAndConnections_AreServedInTheOrderTheyCame(string engine)
    {
        using var folder = new TemporaryFolder();
        var log = Path.Combine(folder.Path, "access.log");
        var order = new StringBuilder();
        var turns = new SemaphoreSlim(0);
        await using var a = await HttpDestination.StartAsync("a", async context =>
        {
            await turns.WaitAsync(context.RequestAborted);
            order.Append(context.Request.Path.Value!.Trim('/')).Append(' ');
            context.Response.Headers.Connection = "close";
            await context.Response.WriteAsync("a");
        });
        await using var gateway = await RunningGateway.StartAsync($$"""
            { "Relay": { "Engine": "{{engine}}" },
              "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
                "Clusters": { "web": { "Queue": { "Length": 4, "Timeout": "00:01:00" },
                                       "Destinations": { {{Json.Destination("a", a.Address, more: "\"MaxConnections\": 1,")}} } } } },
              "VirtualServers": { "tcp": { "Listen": [ "127.0.0.1:0" ], "ClusterId": "web" } },
              "Telemetry": { "Listen": "127.0.0.1:0", "AccessLog": { "Enabled": true, "Path": "{{log}}" } } }
            """);
        var queues = gateway.Services.GetRequiredService<ClusterQueues>();

        var served = new List<Task<string>> { gateway.Client.GetStringAsync("/0") };
        await Eventually.TrueAsync(() => a.Requests == 1, "the first is at the destination");
        for (var i = 1; i <= 4; i++)
        {
            served.Add(i % 2 == 0 ? gateway.Client.GetStringAsync($"/{i}") : AskAsync(gateway, i));
            await Eventually.TrueAsync(() => queues.Find("web")?.Count == i, $"{i} wait");
        }

        // The reset may come before the client knows that it is connected.
        var error = await Record.ExceptionAsync(() => AskAsync(gateway, 5));
        Assert.True(error is IOException or SocketException, $"{error}");
        using var refused = await gateway.Client.GetAsync("/6");
        var page = await MetricsAsync(gateway);
        turns.Release(5);
        var answers = await Task.WhenAll(served).WaitAsync(_deadline);

        Assert.All(answers, answer => Assert.EndsWith("a", answer, StringComparison.Ordinal));
        Assert.Equal("0 1 2 3 4 ", order.ToString());
        Assert.Equal(StatusCodes.Status503ServiceUnavailable, (int)refused.StatusCode);
        Assert.Equal(4, ValueOf(page, """gateway_cluster_queue_length{cluster="web"}"""));
        Assert.Equal(2, ValueOf(page, """gateway_cluster_queue_refused_total{cluster="web"}"""));
        Assert.Equal(1, ValueOf(page, """gateway_virtual_server_ended_total{cluster="web",end="queue_full",virtual_server="tcp"}"""));
        Assert.Equal(1, ValueOf(page, """gateway_virtual_server_rejected_total{cluster="web",virtual_server="tcp"}"""));
        await Eventually.TrueAsync(() => File.Exists(log) && File.ReadAllLines(log).Length == 7, "seven lines are written");
        var lines = File.ReadAllLines(log).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(["http", "tcp"], lines.Where(line => EndOf(line) == "queue_full").Select(KindOf).Order());
        Assert.Equal(4, lines.Count(line => EndOf(line) == "completed" && line.GetProperty("queue_ms").GetDouble() > 0));
    }

    private static string EndOf(JsonElement line) => line.GetProperty("end").GetString()!;

    private static string KindOf(JsonElement line) => line.GetProperty("kind").GetString()!;

    /// <summary>Asks as a client of the virtual server; throws when it is reset.</summary>
    private static async Task<string> AskAsync(RunningGateway gateway, int path)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(gateway.VirtualServer("tcp"));
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /{path} HTTP/1.0\r\n\r\n"));
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync().WaitAsync(_deadline);
    }

    private static async Task<string> MetricsAsync(RunningGateway gateway)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri($"http://{gateway.Services.GetRequiredService<TelemetryListener>().EndPoints[0]}/metrics"));
    }

    private static double ValueOf(string page, string series)
    {
        var line = page.Split('\n').SingleOrDefault(l => l.StartsWith(series + " ", StringComparison.Ordinal));
        Assert.True(line is not null, $"No {series} in\n{page}");
        return double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
