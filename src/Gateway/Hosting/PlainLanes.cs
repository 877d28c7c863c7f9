using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Http.Plain;
using Gateway.Telemetry;
using Gateway.Telemetry.AccessLogging;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Primitives;

namespace Gateway.Hosting;

/// <summary>Puts the plain lane on Kestrel's endpoints, and switches it off while something wants to see every
/// request.</summary>
internal static class PlainLanes
{
    /// <summary>Adds it to an endpoint that speaks HTTP/1.1 without TLS; after whatever takes bytes off a connection's
    /// beginning.</summary>
    public static void UsePlainLane(this ListenOptions listen, IConfiguration configuration)
    {
        var lane = listen.ApplicationServices.GetRequiredService<PlainLane>();
        var limits = listen.KestrelServerOptions.Limits;
        listen.Use(next =>
        {
            // Now it is known what the endpoint speaks.
            return listen.Protocols.HasFlag(HttpProtocols.Http1) && IsWithoutTls(listen, configuration)
                ? connection => lane.ServeAsync(connection, limits, next)
                : next;
        });
    }

    /// <summary>Switches it on or off now, and whenever the configuration changes.</summary>
    public static void SwitchPlainLane(this WebApplication app)
    {
        var lane = app.Services.GetRequiredService<PlainLane>();
        var options = app.Services.GetRequiredService<HttpOptions>();
        var telemetry = app.Services.GetRequiredService<TelemetryOptions>();
        var mayBeOn = options is { PlainLane: true, Forwarder: "gateway" }
            && app.Services.GetService<AccessLog>() is null
            && !app.Services.GetRequiredService<OtlpSettings>().Traces
            && !telemetry.Meters.Any(name => name.StartsWith("Microsoft.AspNetCore", StringComparison.OrdinalIgnoreCase));
        Switch();
        ChangeToken.OnChange(((IConfiguration)app.Configuration).GetReloadToken, Switch);

        void Switch() => lane.IsOn = mayBeOn
            && (app.Configuration["AllowedHosts"] is not { Length: > 0 } hosts || hosts.Split(';').Contains("*"));
    }

    private static bool IsWithoutTls(ListenOptions listen, IConfiguration configuration)
    {
        // Port 0 may be that of several endpoints.
        var urls = configuration.GetSection("Kestrel:Endpoints").GetChildren()
            .Select(endpoint => endpoint["Url"])
            .Where(url => listen.IPEndPoint is { } endPoint && ListenUrl.EndPoints(url).Contains(endPoint))
            .ToArray();
        return urls.Length > 0 && urls.All(url => url!.StartsWith("http://", StringComparison.OrdinalIgnoreCase));
    }
}
