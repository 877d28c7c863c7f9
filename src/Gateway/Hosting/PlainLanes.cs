using System.Net;
using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Http;
using Gateway.Http.Plain;
using Gateway.Http.Transport;
using Gateway.Telemetry;
using Gateway.Telemetry.AccessLogging;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Gateway.Hosting;

/// <summary>Puts the plain lane on Kestrel's endpoints, and switches it off while something wants to see every
/// request.</summary>
internal static class PlainLanes
{
    /// <summary>Has the connections of an endpoint begin in it, if the endpoint speaks HTTP/1.1 without TLS.</summary>
    /// <param name="listen">The endpoint.</param>
    /// <param name="configuration">The configuration that names it.</param>
    /// <param name="proxies">Whose connections begin with a header of the PROXY protocol.</param>
    public static void UsePlainLane(this ListenOptions listen, IConfiguration configuration, IReadOnlyList<IPNetwork> proxies)
    {
        var services = listen.ApplicationServices;
        if (services.GetService<EarlyServers>() is not { } early || listen.IPEndPoint is not { } endPoint)
        {
            return;
        }

        var lane = services.GetRequiredService<PlainLane>();
        var limits = listen.KestrelServerOptions.Limits;
        listen.Use(next =>
        {
            // Now it is known what the endpoint speaks. Only Kestrel counts connections for its limit of them.
            var isPlain = listen.Protocols.HasFlag(HttpProtocols.Http1)
                && IsWithoutTls(listen, configuration)
                && limits.MaxConcurrentConnections is null;
            var clients = services.GetRequiredService<ClientConnections>();
            early.Offer(endPoint, isPlain ? new EarlyLane(lane, limits, proxies, clients) : null);
            return next;
        });
    }

    /// <summary>Switches it on or off now, and whenever the configuration changes.</summary>
    public static void SwitchPlainLane(this WebApplication app)
    {
        var lane = app.Services.GetRequiredService<PlainLane>();
        var options = app.Services.GetRequiredService<HttpOptions>();
        var telemetry = app.Services.GetRequiredService<TelemetryOptions>();
        var mayBeOn = options is { PlainLane: true, Forwarder: "gateway" }
            && !app.Services.GetRequiredService<OtlpSettings>().Traces
            && !telemetry.Meters.Any(MayBeOfAspNetCore);

        // Its own lines about each request; they can be switched on while the program runs.
        var requestLog = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics");

        // With the access log, those of any level matter: while they are on, each request has a trace, which the log tells.
        var leastOfTrace = app.Services.GetService<AccessLog>() is null ? LogLevel.Information : LogLevel.Critical;
        Switch();
        ChangeToken.OnChange(((IConfiguration)app.Configuration).GetReloadToken, Switch);
        app.Services.GetRequiredService<IOptionsMonitor<LoggerFilterOptions>>().OnChange(_ => Switch());

        void Switch() => lane.IsOn = mayBeOn
            && !requestLog.IsEnabled(leastOfTrace)
            && AllowedHosts.AreAll(app.Configuration);
    }

    /// <summary>Whether a name of <c>Telemetry:Meters</c> may be that of a meter of ASP.NET Core. In names, <c>*</c> is any text
    /// and <c>?</c> any character.</summary>
    private static bool MayBeOfAspNetCore(string name)
    {
        const string AspNetCore = "Microsoft.AspNetCore";
        var wildcard = name.AsSpan().IndexOfAny('*', '?');
        return name.StartsWith(AspNetCore, StringComparison.OrdinalIgnoreCase)
            || (wildcard >= 0 && AspNetCore.AsSpan().StartsWith(name.AsSpan(0, wildcard), StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsWithoutTls(ListenOptions listen, IConfiguration configuration)
    {
        // Port 0 may be that of several endpoints.
        var urls = ListenUrl.OfEndpoints(configuration)
            .Where(url => listen.IPEndPoint is { } endPoint && ListenUrl.EndPoints(url).Contains(endPoint))
            .ToArray();
        return urls.Length > 0 && urls.All(url => url!.StartsWith("http://", StringComparison.OrdinalIgnoreCase));
    }
}
