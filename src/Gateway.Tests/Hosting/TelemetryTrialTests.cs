using Gateway.Configuration;
using Gateway.Hosting;
using Gateway.Telemetry;
using Gateway.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Hosting;

/// <summary>What telemetry cannot do is told with its key before anything listens.</summary>
public sealed class TelemetryTrialTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [LinuxFact]
    public async Task Start_AccessLogThatCannotBeMade_IsRefusedWithItsKey()
    {
        // Nobody can make a file there, not even root.
        var configuration = Load("/proc/access.log").Configuration!;

        var refused = await Assert.ThrowsAsync<ConfigurationRefusedException>(() => GatewayHost.BuildAsync(configuration));

        var error = Assert.Single(refused.Errors);
        Assert.Equal("Telemetry:AccessLog:Path", error.Key);
        Assert.StartsWith("cannot be written: ", error.Rule, StringComparison.Ordinal);
    }

    [LinuxFact]
    public void Check_AccessLogThatMayNotBeWritten_IsAnError()
    {
        // The kernel keeps everybody from writing a program that runs.
        var error = Assert.Single(Load(Environment.ProcessPath!).Errors);

        Assert.Equal("Telemetry:AccessLog:Path", error.Key);
        Assert.StartsWith("cannot be written: ", error.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_AccessLogThatIsThere_IsLeftAsItIs()
    {
        var log = Path.Combine(_folder.Path, "access.log");
        File.WriteAllText(log, "a line\n");

        Assert.Empty(Load(log).Errors);
        Assert.Empty(Load(Path.Combine(_folder.Path, "new.log")).Errors);

        Assert.Equal("a line\n", File.ReadAllText(log));
        Assert.False(File.Exists(Path.Combine(_folder.Path, "new.log")));
    }

    [Fact]
    public void AccessLog_EmptyPath_IsTheStandardOutput()
    {
        var options = TelemetrySection.Read(Load("").Configuration!.Root).AccessLog;

        Assert.Equal((true, (string?)null), (options.Enabled, options.Path));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", true)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_HEADERS", true)]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_HEADERS", false)]
    public void Headers_OfTheEnvironment_AreToldByTheirVariable(string variable, bool isAsked)
    {
        var options = new TelemetryOptions { Otlp = new OtlpOptions { Endpoint = new Uri("http://127.0.0.1:1"), Metrics = false } };
        var environment = new ConfigurationBuilder().AddInMemoryCollection([new(variable, "token")]).Build();

        var errors = TelemetryTrial.Check(Load("").Configuration!, options, new OtlpSettings(options.Otlp, environment)).ToList();

        Assert.Equal(isAsked ? [variable] : [], errors.Select(error => error.Key));
        Assert.DoesNotContain(errors, error => error.ToString().Contains("'token'", StringComparison.Ordinal));
    }

    private static LoadResult Load(string path) => new ConfigurationLoader().Load(
        System.Text.Encoding.UTF8.GetBytes($$"""{ "Telemetry": { "AccessLog": { "Enabled": true, "Path": "{{path}}" } } }"""), "test.json");
}
