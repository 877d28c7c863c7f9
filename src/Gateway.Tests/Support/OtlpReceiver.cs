using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Gateway.Tests.Support;

/// <summary>A collector that takes OTLP over HTTP and over gRPC, on a free loopback port, and keeps what it got.</summary>
/// <remarks>
/// OTLP/HTTP is <c>POST /v1/traces</c> with a protobuf body; OTLP/gRPC is HTTP/2 without TLS, the body behind five bytes
/// (a flag and the length), the answer an empty message and the trailer <c>grpc-status: 0</c>. It is Kestrel without
/// ASP.NET Core's hosting, so that it makes no spans of its own.
/// </remarks>
internal sealed class OtlpReceiver : IHttpApplication<HttpContext>, IAsyncDisposable
{
    private const int GrpcPrefix = 5;

    private readonly KestrelServer _server;
    private readonly Channel<OtlpSpan> _spans = Channel.CreateUnbounded<OtlpSpan>();
    private readonly Channel<string> _metrics = Channel.CreateUnbounded<string>();
    private ListenOptions? _listener;

    private OtlpReceiver(HttpProtocols protocols)
    {
        var options = new KestrelServerOptions();
        options.Listen(IPAddress.Loopback, 0, listener =>
        {
            listener.Protocols = protocols;
            _listener = listener;
        });
        _server = new KestrelServer(
            Options.Create(options),
            new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance),
            NullLoggerFactory.Instance);
    }

    public Uri Endpoint => new($"http://{_listener!.IPEndPoint}");

    /// <summary>Headers of the last request.</summary>
    public IHeaderDictionary? Headers { get; private set; }

    public static async Task<OtlpReceiver> StartAsync(HttpProtocols protocols = HttpProtocols.Http1)
    {
        var receiver = new OtlpReceiver(protocols);
        await receiver._server.StartAsync(receiver, CancellationToken.None);
        return receiver;
    }

    /// <summary>Waits for spans until <paramref name="count"/> have come.</summary>
    public async Task<IReadOnlyList<OtlpSpan>> TakeSpansAsync(int count) => await TakeAsync(_spans.Reader, count);

    /// <summary>The spans that have come and were not taken.</summary>
    public IReadOnlyList<OtlpSpan> SpansLeft()
    {
        var left = new List<OtlpSpan>();
        while (_spans.Reader.TryRead(out var span))
        {
            left.Add(span);
        }

        return left;
    }

    /// <summary>Waits for the metric of this name.</summary>
    public async Task WaitForMetricAsync(string name)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await _metrics.Reader.ReadAsync(deadline.Token) != name)
        {
        }
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        Headers = new HeaderDictionary(context.Request.Headers.ToDictionary());
        var isGrpc = context.Request.ContentType == "application/grpc";
        var message = body.ToArray().AsMemory(isGrpc ? GrpcPrefix : 0);
        var path = context.Request.Path.Value!;
        if (path is "/v1/traces" or "/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        {
            OtlpMessages.ReadSpans(message.Span, span => _spans.Writer.TryWrite(span));
        }
        else if (path is "/v1/metrics" or "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export")
        {
            OtlpMessages.ReadMetricNames(message.Span, name => _metrics.Writer.TryWrite(name));
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (isGrpc)
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[GrpcPrefix]);
            context.Response.AppendTrailer("grpc-status", "0");
        }
        else
        {
            context.Response.ContentType = "application/x-protobuf";
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(CancellationToken.None);
        _server.Dispose();
    }

    private static async Task<IReadOnlyList<T>> TakeAsync<T>(ChannelReader<T> from, int count)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var taken = new List<T>();
        while (taken.Count < count)
        {
            taken.Add(await from.ReadAsync(deadline.Token));
        }

        return taken;
    }
}
