using System.Net;
using Gateway.Clusters;
using Gateway.Telemetry;
using Gateway.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Gateway.Tests.Telemetry;

/// <summary>Telemetry as Gateway runs it, on a free loopback port, with a store of its own and nothing else.</summary>
internal sealed class TelemetryHost : IAsyncDisposable
{
    private readonly IHost _host;

    private TelemetryHost(IHost host) => _host = host;

    public ClusterStore Store => Get<ClusterStore>();

    public IPEndPoint EndPoint => Get<TelemetryListener>().EndPoints[0];

    public HttpClient Client { get; } = new();

    public static async Task<TelemetryHost> StartAsync(
        TelemetryOptions? options = null,
        TelemetryReadings? readings = null,
        TimeProvider? time = null,
        IEnumerable<KeyValuePair<string, string?>>? environment = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(time ?? new FakeTime());
        builder.Services.AddSingleton<ClusterStore>();
        builder.Services.AddSingleton(readings ?? new TelemetryReadings());
        builder.Services.AddTelemetry(
            options ?? new TelemetryOptions { Listen = [new IPEndPoint(IPAddress.Loopback, 0)] },
            new ConfigurationBuilder().AddInMemoryCollection(environment).Build());
        var host = new TelemetryHost(builder.Build());
        await host._host.StartAsync();
        return host;
    }

    public T Get<T>()
        where T : notnull => _host.Services.GetServices<IHostedService>().OfType<T>().SingleOrDefault()
            ?? _host.Services.GetRequiredService<T>();

    public Uri Url(string path) => new($"http://{EndPoint}{path}");

    public Task<string> ReadMetricsAsync() => Client.GetStringAsync(Url("/metrics"));

    /// <summary>Applies one cluster <c>web</c> with the named destinations, each of weight 1 to n.</summary>
    public void Apply(params string[] destinations) => Store.Apply([Web(destinations)], []);

    public static ClusterOptions Web(params string[] destinations) => new()
    {
        Id = "web",
        Destinations =
        [
            .. destinations.Select((id, i) => new DestinationOptions
            {
                Id = id,
                Address = new Uri($"http://192.0.2.{(i % 250) + 1}:80"),
                Weight = i + 1,
            }),
        ],
    };

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.StopAsync();
        _host.Dispose();
    }
}
