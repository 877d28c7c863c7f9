using Gateway.Hosting;
using Gateway.Management.Listening;
using Gateway.Telemetry;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Gateway.Tests.Hosting;

public sealed class StartOrderTests
{
    private readonly List<string> _seen = [];

    [Fact]
    public async Task StartAfterHttp_StartsLast_AndStopsInTheOrderOfRegistrationFromBehind()
    {
        using var host = Build(services =>
        {
            services.AddHostedService(_ => new First(_seen));
            services.AddHostedService(_ => new Second(_seen));
            services.AddHostedService(_ => new Third(_seen));
            services.StartAfterHttp(typeof(First), typeof(Second));
        });

        await host.StartAsync();
        await host.StopAsync();

        Assert.Equal(
            ["Third starts", "First starts", "Second starts", "Third stops", "Second stops", "First stops"], _seen);
    }

    [Fact]
    public async Task StartAfterHttp_Fault_EndsTheStartAsItIs()
    {
        using var host = Build(services =>
        {
            services.AddHostedService(_ => new Broken());
            services.StartAfterHttp(typeof(Broken));
        });

        var fault = await Assert.ThrowsAsync<IOException>(() => host.StartAsync());

        Assert.Equal("taken", fault.Message);
    }

    [Fact]
    public void StartAfterHttp_BackgroundService_IsRefused_SinceNobodyWouldHearOfItsEnd() =>
        Assert.Throws<InvalidOperationException>(() => new ServiceCollection().StartAfterHttp(typeof(Background)));

    [Fact]
    public async Task Gateway_TelemetryAndManagement_StartAfterHttp()
    {
        await using var gateway = await RunningGateway.StartAsync(
            Json.Proxy("rr", [Json.Destination("a", "http://127.0.0.1:1")]).Insert(1, """ "Management": { "Listen": [ "127.0.0.1:0" ] }, """));

        var services = gateway.Services.GetServices<IHostedService>().ToArray();

        Assert.Equal(2, services.Count(service => service.GetType().DeclaringType == typeof(StartOrder)));
        Assert.DoesNotContain(services, service => service is TelemetryListener or ManagementListener);
    }

    private static IHost Build(Action<IServiceCollection> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        add(builder.Services);
        return builder.Build();
    }

    private abstract class Noted(List<string> seen) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => NoteAsync("starts");

        public Task StopAsync(CancellationToken cancellationToken) => NoteAsync("stops");

        private Task NoteAsync(string what)
        {
            seen.Add($"{GetType().Name} {what}");
            return Task.CompletedTask;
        }
    }

    private sealed class First(List<string> seen) : Noted(seen);

    private sealed class Second(List<string> seen) : Noted(seen);

    private sealed class Third(List<string> seen) : Noted(seen);

    private sealed class Background : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
    }

    private sealed class Broken : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => throw new IOException("taken");

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
