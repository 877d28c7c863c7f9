using System.Diagnostics;
using System.Net;
using Gateway.Http;
using Gateway.Telemetry.AccessLogging;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Hosting;

/// <summary>Measures each HTTP request of the pipeline for the access log; there only while the log is on.</summary>
internal sealed class AccessLogMiddleware(RequestDelegate next, AccessLog log, TimeProvider time)
{
    /// <summary>Whether the request is, or was, in the pipeline, and this tells it.</summary>
    public static bool Measures(IFeatureCollection request) => request.Get<IRequestBodyPipeFeature>() is CountingReader;

    public async Task InvokeAsync(HttpContext context)
    {
        var began = time.GetUtcNow();
        var started = time.GetTimestamp();
        var request = new CountingReader(context.Request.BodyReader);
        var response = new CountingStream(context.Response.Body, time);
        var upgrade = CountingUpgrade.Of(context, time);
        context.Features.Set<IRequestBodyPipeFeature>(request);
        context.Request.Body = request.AsStream(leaveOpen: true);
        context.Response.Body = response;
        var path = context.Request.Path.Value;
        try
        {
            await next(context);
        }
        finally
        {
            var firstWrite = response.FirstWrite != 0 ? response.FirstWrite : upgrade?.Stream?.FirstWrite ?? 0;
            log.Write(
                new Measured(context)
                {
                    Path = path,
                    BytesIn = request.BytesRead + (upgrade?.Stream?.BytesRead ?? 0),
                    BytesOut = response.BytesWritten + (upgrade?.Stream?.BytesWritten ?? 0),
                    FirstByte = firstWrite == 0 ? default : time.GetElapsedTime(started, firstWrite),
                },
                context.Features.Get<RequestEndFeature>()?.End,
                began,
                time.GetElapsedTime(started));
        }
    }

    /// <summary>A request at its end.</summary>
    private readonly struct Measured(HttpContext context) : IAccessedRequest
    {
        public IPAddress? Client => context.Connection.RemoteIpAddress;

        public int ClientPort => context.Connection.RemotePort;

        public IPAddress? Local => context.Connection.LocalIpAddress;

        public int LocalPort => context.Connection.LocalPort;

        public string Method => context.Request.Method;

        public string? Host => context.Request.Host.Value;

        public string? Path { get; init; }

        public string? Query => context.Request.QueryString is { HasValue: true } query ? query.Value : null;

        public int Status => ClientAbort.IsAbandoned(context) ? 0 : context.Response.StatusCode;

        public bool IsRejected => context.Features.Get<RejectedFeature>() is not null;

        public long BytesIn { get; init; }

        public long BytesOut { get; init; }

        public TimeSpan FirstByte { get; init; }

        public ActivityTraceId TraceId => Activity.Current?.TraceId ?? default;
    }

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
