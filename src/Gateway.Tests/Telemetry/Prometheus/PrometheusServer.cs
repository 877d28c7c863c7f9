using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Gateway.Tests.Telemetry.Prometheus;

/// <summary>A real Prometheus that scrapes one target every 200 ms, on a free loopback port, in a directory of its own.
/// </summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gateway-prometheus").FullName;
    private readonly HttpClient _client = new();
    private readonly Process _process;

    public PrometheusServer(IPEndPoint target)
    {
        var configuration = Path.Combine(_directory, "prometheus.yml");
        File.WriteAllText(configuration, $$"""
            global: { scrape_interval: 200ms, scrape_timeout: 200ms }
            scrape_configs:
              - job_name: gateway
                static_configs: [{ targets: ["{{target}}"] }]
            """);
        var address = FreeAddress();
        _client.BaseAddress = new Uri($"http://{address}");
        _process = Process.Start(new ProcessStartInfo("prometheus")
        {
            ArgumentList =
            {
                $"--config.file={configuration}",
                $"--storage.tsdb.path={Path.Combine(_directory, "data")}",
                $"--web.listen-address={address}",
                "--enable-feature=exemplar-storage",
                "--log.level=error",
            },
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>Waits until the target was scraped, and returns what Prometheus says of it.</summary>
    public async Task<(string Health, string LastError)> WaitForScrapeAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            if (await TryGetAsync("/api/v1/targets?state=active", deadline.Token) is { } answer)
            {
                var targets = answer.RootElement.GetProperty("data").GetProperty("activeTargets");
                var health = targets.GetArrayLength() == 0 ? "unknown" : targets[0].GetProperty("health").GetString()!;
                if (health != "unknown")
                {
                    return (health, targets[0].GetProperty("lastError").GetString()!);
                }
            }

            await Task.Delay(100, deadline.Token);
        }
    }

    /// <summary>The values of an instant query.</summary>
    public async Task<IReadOnlyList<string>> QueryAsync(string query)
    {
        using var answer = await TryGetAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}", CancellationToken.None);
        return
        [
            .. answer!.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
                .Select(series => series.GetProperty("value")[1].GetString()!),
        ];
    }

    /// <summary>Prometheus' own metrics.</summary>
    public Task<string> ReadOwnMetricsAsync() => _client.GetStringAsync(new Uri("/metrics", UriKind.Relative));

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _client.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Null while Prometheus is not up yet.</summary>
    private async Task<JsonDocument?> TryGetAsync(string path, CancellationToken cancellation)
    {
        Assert.False(_process.HasExited, "Prometheus ended.");
        try
        {
            using var response = await _client.GetAsync(new Uri(path, UriKind.Relative), cancellation);
            return response.IsSuccessStatusCode
                ? JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellation))
                : null;
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException)
        {
            return null;
        }
    }

    private static IPEndPoint FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }
}
