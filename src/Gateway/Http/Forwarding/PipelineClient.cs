using System.IO.Pipelines;
using Gateway.Http.Transport;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Forwarding;

/// <summary>A client whose request Kestrel has read. One object serves one request after the other.</summary>
internal sealed class PipelineClient : IExchangeClient
{
    private HttpContext _context = null!;
    private PipeWriter? _writer;
    private string _target = "";
    private bool _keepsHost;

    public ILoopClient? Loop { get; private set; }

    public bool IsAloneOnLoop { get; private set; }

    public CancellationToken Gone => _context.RequestAborted;

    public string Method => _context.Request.Method;

    public BodyFraming Framing { get; private set; }

    public bool HasBody => Framing != BodyFraming.None;

    public bool MustFlushEnd =>
        _context.Response.HasStarted || _context.Features.Get<IHttpResponseBodyFeature>() is StreamResponseBodyFeature;

    public ClientOutlet? Direct => null;

    /// <summary>Takes a request on.</summary>
    /// <param name="context">The request.</param>
    /// <param name="target">From <see cref="RequestHead.TargetOf"/>.</param>
    /// <param name="keepsHost">Whether the client's Host is passed on.</param>
    public void Begin(HttpContext context, string target, bool keepsHost)
    {
        _context = context;
        _target = target;
        _keepsHost = keepsHost;
        _writer = null;
        Loop = context.Features.Get<LoopClient>();
        IsAloneOnLoop = Loop is not null
            && context.Request.Protocol is ['H', 'T', 'T', 'P', '/', '1', ..]
            && context.Features.Get<IHttpRequestTimeoutFeature>() is null;
        Framing = context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true } ? BodyFraming.None
            : context.Request.ContentLength is not null ? BodyFraming.Length
            : BodyFraming.Chunked;
    }

    /// <summary>Lets go of the request.</summary>
    public void Release()
    {
        _context = null!;
        _writer = null;
        _target = "";
        Loop = null;
    }

    public int WriteRequestHead(Upstream upstream) => RequestHead.Write(upstream, _context, _target, _keepsHost, Framing);

    public RequestBody? BeginBody(Upstream upstream, TimeProvider time)
    {
        if (Framing == BodyFraming.None)
        {
            return null;
        }

        var body = new RequestBody(_context.Request.BodyReader, _context.Request.ContentLength, upstream, Framing);
        body.Start(
            whenAsked: _context.Request.Headers.Expect.ToString().Equals("100-continue", StringComparison.OrdinalIgnoreCase), time);
        return body;
    }

    public void WriteHead(ResponseHead head) => ClientAnswer.WriteHead(_context, head);

    public void WriteBody(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            var writer = _writer ??= _context.Response.BodyWriter;
            bytes.CopyTo(writer.GetSpan(bytes.Length));
            writer.Advance(bytes.Length);
        }
    }

    public async ValueTask<bool> FlushAsync()
    {
        var flushed = await (_writer ??= _context.Response.BodyWriter).FlushAsync();
        return !flushed.IsCompleted && !flushed.IsCanceled;
    }

    public void WriteTrailers(ChunkedBody chunks) => ClientAnswer.WriteTrailers(_context, chunks);

    public Task CompleteAsync() => _context.Response.CompleteAsync();

    public void Fail(ForwarderError error, int status, Exception exception)
    {
        _context.Features.Set<IForwarderErrorFeature>(new ForwardingError(error, exception));
        _context.Response.StatusCode = status;
    }

    public void BreakOff(ForwarderError error, Exception exception)
    {
        _context.Features.Set<IForwarderErrorFeature>(new ForwardingError(error, exception));
        _context.Abort();
    }
}
