using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Gateway.Http;
using Gateway.Queueing;
using Gateway.Telemetry.AccessLogging;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Hosting;

/// <summary>Measures each HTTP request for the access log; in the pipeline only while the log is on.</summary>
internal sealed class AccessLogMiddleware(RequestDelegate next, AccessLog log, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var began = time.GetUtcNow();
        var started = time.GetTimestamp();
        var request = new CountingStream(context.Request.Body, time);
        var response = new CountingStream(context.Response.Body, time);
        var upgrade = CountingUpgrade.Of(context, time);
        context.Request.Body = request;
        context.Response.Body = response;
        var path = context.Request.Path.Value;
        try
        {
            await next(context);
        }
        finally
        {
            var end = context.Features.Get<RequestEndFeature>()?.End;
            var firstWrite = response.FirstWrite != 0 ? response.FirstWrite : upgrade?.Stream?.FirstWrite ?? 0;
            log.Write(new AccessRecord
            {
                Time = began,
                Kind = AccessKind.Http,
                Client = context.Connection.RemoteIpAddress,
                ClientPort = context.Connection.RemotePort,
                Listener = string.Create(CultureInfo.InvariantCulture,
                    $"{Bracketed(context.Connection)}:{context.Connection.LocalPort}"),
                Route = end?.RouteId,
                Cluster = end?.ClusterId,
                Destination = end?.Destination?.Id,
                Method = context.Request.Method,
                Host = context.Request.Host.Value,
                Path = path,
                Query = context.Request.QueryString is { HasValue: true } query ? query.Value : null,
                Status = IsAbandoned(context) ? 0 : context.Response.StatusCode,
                BytesIn = request.BytesRead + (upgrade?.Stream?.BytesRead ?? 0),
                BytesOut = response.BytesWritten + (upgrade?.Stream?.BytesWritten ?? 0),
                Queue = end?.Queued ?? default,
                Connect = end?.Connecting ?? default,
                FirstByte = firstWrite == 0 ? default : time.GetElapsedTime(started, firstWrite),
                Total = time.GetElapsedTime(started),
                Attempts = end?.Attempts ?? 0,
                End = EndOf(context, end),
                TraceId = Activity.Current?.TraceId ?? default,
            });
        }
    }

    private static bool IsAbandoned(HttpContext context) =>
        context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted;

    private static AccessEnd EndOf(HttpContext context, RequestEnd? end) =>
        end is null ? context.Response.StatusCode == StatusCodes.Status404NotFound ? AccessEnd.NoRoute : AccessEnd.Completed
        : end.Value.Failure is { } failure ? AccessEnds.From(failure)
        : end.Value.Destination is null ? EndOf(end.Value.Waited)
        : IsAbandoned(context) ? AccessEnd.ClientAborted
        : AccessEnd.Completed;

    private static AccessEnd EndOf(WaitEnd? waited) => waited switch
    {
        WaitEnd.Full => AccessEnd.QueueFull,
        WaitEnd.Late => AccessEnd.QueueTimeout,
        WaitEnd.Left => AccessEnd.ClientAborted,
        _ => AccessEnd.NoDestination,
    };

    private static string Bracketed(ConnectionInfo connection) =>
        connection.LocalIpAddress is { AddressFamily: AddressFamily.InterNetworkV6 } v6 ? $"[{v6}]" : $"{connection.LocalIpAddress}";

    /// <summary>Counts what passes after an upgrade, such as the frames of a WebSocket.</summary>
    private sealed class CountingUpgrade(IHttpUpgradeFeature inner, TimeProvider time) : IHttpUpgradeFeature
    {
        public CountingStream? Stream { get; private set; }

        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public static CountingUpgrade? Of(HttpContext context, TimeProvider time)
        {
            if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } feature)
            {
                return null;
            }

            var counting = new CountingUpgrade(feature, time);
            context.Features.Set<IHttpUpgradeFeature>(counting);
            return counting;
        }

        public async Task<Stream> UpgradeAsync() => Stream = new CountingStream(await inner.UpgradeAsync(), time);
    }
}
