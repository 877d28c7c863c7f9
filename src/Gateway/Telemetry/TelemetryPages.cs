using System.Text;
using Gateway.Telemetry.Prometheus;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Telemetry;

/// <summary>The three pages of the telemetry listener. Whatever the Host header says is ignored.</summary>
/// <remarks>
/// <c>/healthz</c> says that the process answers, and nothing else: an orchestrator restarts what does not.
/// <c>/readyz</c> says whether to send traffic here, with one line for each reason not to.
/// It is given to Kestrel directly, without ASP.NET Core's hosting around it, so that scrapes neither count as requests
/// nor make traces.
/// </remarks>
internal sealed partial class TelemetryPages(
    MetricsPage metrics, TelemetryReadings readings, ILogger<TelemetryPages> logger) : IHttpApplication<HttpContext>
{
    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
        if (exception is not null and not OperationCanceledException)
        {
            LogFailed(context.Request.Path, exception);
        }
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            await AnswerAsync(context, StatusCodes.Status405MethodNotAllowed, "Only GET and HEAD are answered here.\n"u8);
            return;
        }

        switch (context.Request.Path.Value)
        {
            case "/metrics":
                await AnswerMetricsAsync(context);
                break;
            case "/healthz":
                await AnswerAsync(context, StatusCodes.Status200OK, "ok\n"u8);
                break;
            case "/readyz":
                await AnswerReadyAsync(context);
                break;
            default:
                await AnswerAsync(context, StatusCodes.Status404NotFound, "Pages here: /metrics /healthz /readyz\n"u8);
                break;
        }
    }

    private static Task AnswerAsync(HttpContext context, int status, ReadOnlySpan<byte> text) =>
        AnswerAsync(context, status, "text/plain; charset=utf-8", text.ToArray());

    private static async Task AnswerAsync(HttpContext context, int status, string type, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = type;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    private async Task AnswerMetricsAsync(HttpContext context)
    {
        var format = PrometheusFormats.Choose(context.Request.Headers.Accept.ToArray()!);
        var page = await metrics.RenderAsync(format, context.RequestAborted);
        context.Response.Headers.Vary = "Accept";
        await (page is null
            ? AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "The metrics could not be collected.\n"u8)
            : AnswerAsync(context, StatusCodes.Status200OK, PrometheusFormats.ContentType(format), page));
    }

    private Task AnswerReadyAsync(HttpContext context)
    {
        var report = readings.Ready();
        var lines = (report.IsReady ? ["ready"] : report.Reasons).Concat(report.Notes);
        return AnswerAsync(
            context,
            report.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + '\n'))));
    }

    [LoggerMessage(LogLevel.Error, "The telemetry page {Path} failed.")]
    private partial void LogFailed(string path, Exception exception);
}
