using System.Collections.Concurrent;
using Gateway.Configuration;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Configuration;

public class RestartKeysTests
{
    [Theory]
    [InlineData("Telemetry:Listen", "[ \"127.0.0.1:1\" ]", "Telemetry:Listen")]
    [InlineData("Management:Listen", "\"127.0.0.1:1\"", "Management:Listen")]
    [InlineData("Management:Folder", "\"changes\"", "Management:Folder")]
    [InlineData("ShutdownTimeout", "\"00:00:01\"", "ShutdownTimeout")]
    [InlineData("Relay:Loops", "3", "Relay:Loops")]
    [InlineData("Http:Loops", "3", "Http:Loops")]
    [InlineData("Kernel:OnStop", "\"keep\"", "Kernel:OnStop")]
    [InlineData("State:Directory", "\"/tmp\"", "State:Directory")]
    [InlineData("Kestrel:Limits:MaxConcurrentConnections", "7", "Kestrel:Limits:MaxConcurrentConnections")]
    [InlineData("Kestrel:Endpoints:Http:Url", "\"http://*:8081\"", null)]
    [InlineData("Management:Hosts", "[ \"a\" ]", null)]
    [InlineData("VirtualServers:smtp:Listen:0", "\"0.0.0.0:26\"", null)]
    [InlineData("Logging:LogLevel:Default", "\"Debug\"", null)]
    public void Changed_NamesWhatIsReadAtTheStartOnly(string key, string value, string? named)
    {
        var (before, after) = (Loaded(new ConfigurationText()), Loaded(new ConfigurationText().With(key, value)));

        Assert.Equal(named is null ? [] : [named], RestartKeys.Changed(before, after));
        Assert.Equal(named is null ? [] : [named], RestartKeys.Changed(after, before));
        Assert.Empty(RestartKeys.Changed(after, after));
    }

    [Fact]
    public async Task Reload_OfWhatWaitsForARestart_IsToldOnce()
    {
        string Configuration(int loops, string id) => $$"""
            { "Relay": { "Loops": {{loops}} }, "Kestrel": { "Endpoints": { "{{id}}": { "Url": "http://127.0.0.1:0" } } } }
            """;
        await using var gateway = await RunningGateway.StartAsync(Configuration(1, "a"));
        using var log = new Collector();
        gateway.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);

        await gateway.ReloadAsync(Configuration(2, "a"));
        await gateway.ReloadAsync(Configuration(2, "b"));

        Assert.Equal(
            "What has changed at Relay:Loops is read at the start only, and waits for a restart.",
            Assert.Single(log.Lines, line => line.Contains("waits", StringComparison.Ordinal)));
    }

    private static LoadedConfiguration Loaded(ConfigurationText text)
    {
        var result = text.Load();
        Assert.Empty(result.Errors);
        return result.Configuration!;
    }

    private sealed class Collector : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
