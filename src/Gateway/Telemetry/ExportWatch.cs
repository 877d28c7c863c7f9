using OpenTelemetry.Exporter;

namespace Gateway.Telemetry;

/// <summary>Tells once when exports to a collector begin to fail, and once when they come through again; the SDK says
/// nothing.</summary>
/// <remarks>It sends through the client that the SDK would take, which knows the certificates of its variables.</remarks>
internal sealed partial class ExportWatch(HttpClient client, ILogger logger) : HttpMessageHandler
{
    private int _isFailing;

    /// <summary>Has an exporter send through one.</summary>
    public static void Attach(OtlpExporterOptions exporter, ILogger logger)
    {
        var create = exporter.HttpClientFactory;
        exporter.HttpClientFactory = () => new HttpClient(new ExportWatch(create(), logger)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return Judged(request, client.Send(CopyOf(request), cancellationToken));
        }
        catch (Exception e)
        {
            Failed(request, e.Message);
            throw;
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return Judged(request, await client.SendAsync(CopyOf(request), cancellationToken));
        }
        catch (Exception e)
        {
            Failed(request, e.Message);
            throw;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            client.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The same request with the same content: a client refuses what another one has sent.</summary>
    private static HttpRequestMessage CopyOf(HttpRequestMessage request)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri)
        {
            Content = request.Content,
            Version = request.Version,
            VersionPolicy = request.VersionPolicy,
        };
        foreach (var (name, values) in request.Headers)
        {
            copy.Headers.TryAddWithoutValidation(name, values);
        }

        return copy;
    }

    private HttpResponseMessage Judged(HttpRequestMessage request, HttpResponseMessage response)
    {
        // gRPC that refuses at once says why in its headers.
        var status = response.Headers.TryGetValues("grpc-status", out var values) ? values.First() : "0";
        if (!response.IsSuccessStatusCode || status != "0")
        {
            Failed(request, response.IsSuccessStatusCode ? $"gRPC status {status}" : $"HTTP status {(int)response.StatusCode}");
        }
        else if (Interlocked.Exchange(ref _isFailing, 0) == 1)
        {
            LogReached(request.RequestUri);
        }

        return response;
    }

    private void Failed(HttpRequestMessage request, string reason)
    {
        if (Interlocked.Exchange(ref _isFailing, 1) == 0)
        {
            LogFailed(request.RequestUri, reason.TrimEnd('.'));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Telemetry:Otlp: exports to {Endpoint} fail: {Reason}. This is said once until one comes through.")]
    private partial void LogFailed(Uri? endpoint, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Telemetry:Otlp: exports to {Endpoint} come through again.")]
    private partial void LogReached(Uri? endpoint);
}
