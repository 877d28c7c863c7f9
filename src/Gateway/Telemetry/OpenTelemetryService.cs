using System.Reflection;
using Gateway.Telemetry.Meters;
using Gateway.Telemetry.Prometheus;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Gateway.Telemetry;

/// <summary>Runs the OpenTelemetry SDK: metrics for <c>/metrics</c> and OTLP, and traces when they are exported.</summary>
/// <remarks>
/// Without an exporter for traces there is no tracer, so no listener, and .NET makes no spans at all.
/// The SDK takes a while to be built for the first time, so <see cref="Begin"/> builds it beside the start of everything else, and
/// the start is complete when it is there.
/// </remarks>
internal sealed class OpenTelemetryService(
    OtlpSettings otlp, MetricViews views, PrometheusExporter exporter, ProcessMeter process, ILogger<OpenTelemetryService> logger)
    : IHostedLifecycleService, IDisposable
{
    /// <summary>The sources whose spans make one trace of a proxied request: server, proxy, client.</summary>
    public static readonly string[] Sources = ["Microsoft.AspNetCore", "Yarp.ReverseProxy", "System.Net.Http"];

    /// <summary>Most time for the last export at a stop; a collector that is away must not hold it up.</summary>
    private static readonly TimeSpan _stopTimeout = TimeSpan.FromSeconds(3);

    private readonly ProcessMeter _process = process;
    private Task? _building;
    private MeterProvider? _meters;
    private TracerProvider? _tracer;

    public bool IsTracing => _tracer is not null;

    /// <summary>Begins to build the SDK, unless that has begun; not for several threads at once.</summary>
    public Task Begin() => _building ??= Task.Run(Build, CancellationToken.None);

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        _ = Begin();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Begin().WaitAsync(cancellationToken);

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Exports what is left, in bounded time, and not at all when the time to stop is over already. The SDK
    /// blocks, hence the thread of its own.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_building is not null)
        {
            await _building.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var milliseconds = cancellationToken.IsCancellationRequested ? 0 : (int)_stopTimeout.TotalMilliseconds;
        await Task.Run(
            () => Parallel.Invoke(() => _tracer?.Shutdown(milliseconds), () => _meters?.Shutdown(milliseconds)),
            CancellationToken.None);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        // It may have begun without a start that waited for it.
        _building?.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        _tracer?.Dispose();
        _meters?.Dispose();
        _process.Dispose();
    }

    private static void Describe(ResourceBuilder resource)
    {
        var version = typeof(OpenTelemetryService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
        resource.AddAttributes([new("service.version", version?.InformationalVersion ?? "")]);
    }

    private void Build()
    {
        _meters = BuildMeters();
        if (otlp.Traces)
        {
            _tracer = Sdk.CreateTracerProviderBuilder()
                .ConfigureServices(services => services.AddSingleton(otlp.Variables))
                .ConfigureResource(Describe)
                .AddSource(Sources)
                .AddOtlpExporter(options => Set(options, "TRACES"))
                .Build();
        }
    }

    private void Set(OtlpExporterOptions options, string signal)
    {
        otlp.Specialise(options, signal);
        ExportWatch.Attach(options, logger);
    }

    private MeterProvider BuildMeters()
    {
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(otlp.Variables))
            .ConfigureResource(Describe)
            .AddMeter(views.Meters)
            .AddView(views.For)
            .AddReader(new BaseExportingMetricReader(exporter));
        if (otlp.Traces)
        {
            builder.SetExemplarFilter(ExemplarFilterType.TraceBased);
        }

        if (otlp.Metrics)
        {
            builder.AddOtlpExporter(options => Set(options, "METRICS"));
        }

        return builder.Build();
    }
}
