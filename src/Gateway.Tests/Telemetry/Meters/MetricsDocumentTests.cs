using System.Net;
using System.Text.RegularExpressions;
using Gateway.Telemetry;
using Gateway.Telemetry.AccessLogging;
using Gateway.Telemetry.Meters;

namespace Gateway.Tests.Telemetry.Meters;

[Collection(MeasuredAlone.Name)]
public sealed partial class MetricsDocumentTests
{
    [Fact]
    public async Task Document_Metrics_AreThoseThatAreExported()
    {
        await using var host = await TelemetryHost.StartAsync(
            new TelemetryOptions
            {
                Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
                AccessLog = new AccessLogOptions { Enabled = true, Path = "/dev/null" },
            },
            GatewayMeterTests.Readings());
        host.Apply("a");
        host.Get<RequestMeter>().Completed(new RequestRecord("r", "web", "GET", 200, TimeSpan.Zero));

        var exported = Family().Matches(await host.ReadMetricsAsync()).Select(match => match.Groups[1].Value).Order();
        var documented = Row().Matches(File.ReadAllText(Repository("docs/metrics.md"))).Select(m => m.Groups[1].Value).Order();

        Assert.Equal(exported, documented);
    }

    [Fact]
    public void Document_EndsOfAccessRecords_AreThoseThatExist()
    {
        var document = File.ReadAllText(Repository("docs/tracing-and-access-log.md"));
        var words = document[document.IndexOf("| `end` | |", StringComparison.Ordinal)..].Split('\n').Skip(2)
            .SelectMany(row => Word().Matches(row.Split('|').ElementAtOrDefault(1) ?? "").Select(m => m.Groups[1].Value));

        Assert.Equal(Enum.GetValues<AccessEnd>().Select(Words.Of).Order(), words.Order());
    }

    /// <summary>The full path of a file of the repository.</summary>
    internal static string Repository(string path)
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Gateway.sln")))
        {
            directory = directory.Parent ?? throw new DirectoryNotFoundException("Gateway.sln is in no parent directory.");
        }

        return Path.Combine(directory.FullName, path);
    }

    [GeneratedRegex("^# TYPE ((?:gateway|process)_\\w+) ", RegexOptions.Multiline)]
    private static partial Regex Family();

    [GeneratedRegex("^\\| `((?:gateway|process)_\\w+)` \\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`(\\w+)`")]
    private static partial Regex Word();
}
