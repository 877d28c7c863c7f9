using System.Diagnostics;
using System.Net;
using Gateway.Telemetry.Meters;
using Gateway.Tests.Support;
using Gateway.Tests.Telemetry.Meters;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Telemetry.Prometheus;

/// <summary>The page as real Prometheus programs see it.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class PrometheusScrapeTests
{
    [NeedsFact("prometheus", "promtool")]
    public async Task Promtool_PageAfterTraffic_IsSilent()
    {
        await using var host = await StartWithTrafficAsync();

        var page = await host.ReadMetricsAsync();

        // Otherwise the check below would say little.
        Assert.Contains("\nkestrel_connection_duration_seconds_bucket{", page, StringComparison.Ordinal);
        Assert.Contains("\nhttp_client_connection_duration_seconds_bucket{", page, StringComparison.Ordinal);
        Assert.Contains("\ndotnet_gc_collections_total{", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http_client_request_duration", page, StringComparison.Ordinal);
        Assert.Equal((0, ""), await PromtoolAsync(page, "check", "metrics"));
    }

    [NeedsFact("prometheus", "promtool")]
    public async Task Prometheus_ScrapesThePage_WithoutAnError()
    {
        await using var host = await StartWithTrafficAsync();
        await using var prometheus = await PrometheusServer.StartAsync(host.EndPoint);

        Assert.Equal("", await prometheus.WaitForScrapeAsync());
        await prometheus.WaitForSeriesAsync("gateway_build_info");
        Assert.Equal(["2"], await prometheus.QueryAsync("gateway_destination_weight{cluster=\"web\",destination=\"b\"}"));
        Assert.Equal(["1"], await prometheus.QueryAsync("gateway_request_duration_seconds_bucket{route=\"r\",le=\"1.0\"}"));
        var own = await prometheus.ReadOwnMetricsAsync();
        Assert.Contains("\nprometheus_target_scrapes_sample_duplicate_timestamp_total 0\n", own, StringComparison.Ordinal);
    }

    [NeedsFact("prometheus", "promtool")]
    public async Task Promtool_AlertsOfTheDocument_AreValid()
    {
        var document = await File.ReadAllTextAsync(MetricsDocumentTests.Repository("docs/metrics.md"));
        var rules = document[document.IndexOf("groups:", StringComparison.Ordinal)..];
        rules = rules[..rules.IndexOf("```", StringComparison.Ordinal)];
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, rules);

        var (code, output) = await PromtoolAsync("", "check", "rules", file);
        File.Delete(file);

        Assert.True(code == 0, output);
        Assert.Contains("7 rules found", output, StringComparison.Ordinal);
    }

    /// <summary>Telemetry beside a web server that has been asked something, so that .NET's meters have series too.
    /// </summary>
    private static async Task<TelemetryHost> StartWithTrafficAsync()
    {
        var host = await TelemetryHost.StartAsync(readings: GatewayMeterTests.Readings(), time: TimeProvider.System);
        host.Apply("a", "b");
        host.Get<RequestMeter>().Completed(new RequestRecord("r", "web", "GET", 200, TimeSpan.FromMilliseconds(7)));

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using var app = builder.Build();
        app.Run(context => context.Response.WriteAsync("hello"));
        await app.StartAsync();
        using (var client = new HttpClient())
        {
            await client.GetStringAsync(new Uri(app.Urls.Single().Replace("127.0.0.1", "localhost", StringComparison.Ordinal)));
        }

        await app.StopAsync();
        return host;
    }

    private static async Task<(int Code, string Output)> PromtoolAsync(string input, params string[] arguments)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await promtool.StandardInput.WriteAsync(input);
        promtool.StandardInput.Close();
        var output = promtool.StandardOutput.ReadToEndAsync();
        var errors = promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        return (promtool.ExitCode, await output + await errors);
    }
}
