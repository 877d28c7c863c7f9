using Gateway.Clusters;
using Gateway.Telemetry.AccessLogging;
using Gateway.Telemetry.Meters;
using Gateway.Telemetry.Prometheus;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gateway.Telemetry;

/// <summary>Registers telemetry. Call it before whatever serves traffic is registered: services start in this order, and
/// stop in reverse.</summary>
internal static class TelemetryServiceCollectionExtensions
{
    /// <summary>
    /// Adds metrics, their listener, OTLP and the access log. A <see cref="TelemetryReadings"/> registered by the caller
    /// connects what telemetry reads from other features; <see cref="AccessLog"/> can be resolved only while it is
    /// enabled.
    /// </summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, TelemetryOptions options) =>
        services.AddTelemetry(options, new ConfigurationBuilder().AddEnvironmentVariables().Build());

    /// <summary>The same with other variables than those of the environment.</summary>
    public static IServiceCollection AddTelemetry(
        this IServiceCollection services, TelemetryOptions options, IConfiguration environment)
    {
        var otlp = new OtlpSettings(options.Otlp, environment);
        if (otlp.Traces)
        {
            // Read once by ASP.NET Core: has it describe its span (method, path, scheme, server) by itself.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<TelemetryReadings>();
        if (options.AccessLog.Enabled)
        {
            services.AddSingleton(options.AccessLog).AddSingleton<AccessLog>();
            services.AddHostedService(provider => provider.GetRequiredService<AccessLog>());
        }

        services.AddSingleton(options).AddSingleton(otlp).AddSingleton<MeterScope>().AddSingleton<RequestMeter>();
        services.AddSingleton(provider => new GatewayMeter(
            provider.GetRequiredService<MeterScope>(),
            provider.GetRequiredService<ClusterStore>(),
            provider.GetRequiredService<TelemetryReadings>(),
            provider.GetService<AccessLog>()));
        services.AddSingleton(provider => new MetricViews(
            provider.GetRequiredService<MeterScope>(), provider.GetRequiredService<GatewayMeter>(), options.Meters));
        services.AddSingleton<ProcessMeter>().AddSingleton<PrometheusExporter>();
        services.AddSingleton<MetricsPage>().AddSingleton<TelemetryPages>().AddSingleton<TelemetryListener>();
        services.AddSingleton<OpenTelemetryService>().AddHostedService(provider => provider.GetRequiredService<OpenTelemetryService>());
        services.AddHostedService(provider => provider.GetRequiredService<TelemetryListener>());
        return services;
    }
}
