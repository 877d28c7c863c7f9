using System.Net;
using System.Text.Json;
using Gateway.Tests.Support;

namespace Gateway.Tests.Telemetry.Prometheus;

/// <summary>A real Prometheus that scrapes one target every second, on a free loopback port, in a directory of its own.
/// </summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gateway-prometheus").FullName;
    private readonly HttpClient _client = new();
    private readonly DebianProcess _process;

    private PrometheusServer(IPEndPoint address, IPEndPoint target)
    {
        var configuration = Path.Combine(_directory, "prometheus.yml");
        File.WriteAllText(configuration, $$"""
            global: { scrape_interval: 1s, scrape_timeout: 1s }
            scrape_configs:
              - job_name: gateway
                static_configs: [{ targets: ["{{target}}"] }]
            """);
        _client.BaseAddress = new Uri($"http://{address}");
        _process = DebianProcess.Start(
            "prometheus",
            $"--config.file={configuration}",
            $"--storage.tsdb.path={Path.Combine(_directory, "data")}",
            $"--web.listen-address={address}",
            "--enable-feature=exemplar-storage",
            "--log.level=error");
    }

    public static async Task<PrometheusServer> StartAsync(IPEndPoint target)
    {
        var address = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        var server = new PrometheusServer(address, target);
        await server._process.WaitUntilListeningAsync(address);
        return server;
    }

    /// <summary>Waits until the target was scraped well, and returns the last error, empty without one.</summary>
    public async Task<string> WaitForScrapeAsync()
    {
        var error = "";
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await GetAsync("/api/v1/targets?state=active");
                var targets = answer?.RootElement.GetProperty("data").GetProperty("activeTargets").EnumerateArray().ToArray();
                error = targets is [var target] ? target.GetProperty("lastError").GetString()! : "";
                return targets is [var scraped] && scraped.GetProperty("health").GetString() == "up";
            },
            "Prometheus says the target is up");
        return error;
    }

    /// <summary>The values of an instant query; call <see cref="WaitForSeriesAsync"/> before.</summary>
    public async Task<IReadOnlyList<string>> QueryAsync(string query)
    {
        using var answer = await GetAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}");
        return
        [
            .. answer!.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
                .Select(series => series.GetProperty("value")[1].GetString()!),
        ];
    }

    /// <summary>Waits until a scrape is stored, which is a little after it has ended.</summary>
    public Task WaitForSeriesAsync(string series) =>
        Eventually.TrueAsync(async () => (await QueryAsync(series)).Count > 0, $"{series} is stored");

    /// <summary>Prometheus' own metrics.</summary>
    public Task<string> ReadOwnMetricsAsync() => _client.GetStringAsync(new Uri("/metrics", UriKind.Relative));

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _client.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Null while Prometheus is not ready yet.</summary>
    private async Task<JsonDocument?> GetAsync(string path)
    {
        using var response = await _client.GetAsync(new Uri(path, UriKind.Relative));
        return response.IsSuccessStatusCode ? JsonDocument.Parse(await response.Content.ReadAsStringAsync()) : null;
    }
}
