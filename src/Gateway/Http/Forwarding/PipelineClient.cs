using System.IO.Pipelines;
using Gateway.Http.Transport;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Forwarding;

/// <summary>A client whose request Kestrel has read. One object serves one request after the other.</summary>
internal sealed class PipelineClient : IExchangeClient
{
    // What is written to stand for bytes that were sent directly is as long as this at most: a piece of the shared pool.
    private const int LargestStandIn = 64 * 1024;

    private HttpContext _context = null!;
    private PipeWriter? _writer;
    private ClientSocket? _direct;
    private string _target = "";
    private bool _keepsHost;

    public LoopClient? Loop { get; private set; }

    ILoopClient? IExchangeClient.Loop => Loop;

    public bool IsAloneOnLoop { get; private set; }

    public CancellationToken Gone => _context.RequestAborted;

    public string Method => _context.Request.Method;

    public BodyFraming Framing { get; private set; }

    public bool HasBody => Framing != BodyFraming.None;

    public bool MustFlushEnd =>
        _context.Response.HasStarted || _context.Features.Find<IHttpResponseBodyFeature>() is StreamResponseBodyFeature;

    /// <summary>Takes a request on.</summary>
    /// <param name="context">The request.</param>
    /// <param name="target">From <see cref="RequestHead.TargetOf"/>.</param>
    /// <param name="keepsHost">Whether the client's Host is passed on.</param>
    /// <param name="hasTimeout">Whether the route ends it after a time, by the request's token.</param>
    public void Begin(HttpContext context, string target, bool keepsHost, bool hasTimeout)
    {
        _context = context;
        _target = target;
        _keepsHost = keepsHost;
        _writer = null;
        _direct = null;
        Loop = context.Features.Find<LoopClient>();
        IsAloneOnLoop = Loop is not null
            && !hasTimeout
            && context.Request.Protocol is ['H', 'T', 'T', 'P', '/', '1', ..];
        Framing = context.Features.Find<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true } ? BodyFraming.None
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

    /// <remarks>Only where Kestrel writes the body to the socket's pipe as it is: HTTP/1.1 without TLS, of a length that was told, and
    /// by its own writer. Kestrel, which sees to slow clients otherwise, knows nothing of these bytes; the socket does so
    /// meanwhile, at the rate of the request.</remarks>
    public async ValueTask<ClientOutlet?> BeginDirectAsync()
    {
        if (!IsAloneOnLoop || Loop!.Socket is not { IsBare: true } socket
            || _context.Features.Get<IHttpMinResponseDataRateFeature>() is not { } server
            || !ReferenceEquals(_context.Features.Get<IHttpResponseBodyFeature>(), server)
            || !await FlushAsync()
            || _context.Response is not { HasStarted: true, ContentLength: not null, Headers.TransferEncoding.Count: 0 })
        {
            return null;
        }

        Loop.SlowestRate = server.MinDataRate;
        return _direct = socket;
    }

    /// <remarks>Kestrel counts the bytes of an answer whose length was told. So it is given as many with any content, which the
    /// socket drops.</remarks>
    public void CountDirect(int bytes)
    {
        _direct!.DropNext(bytes);
        var writer = _writer ??= _context.Response.BodyWriter;
        while (bytes > 0)
        {
            var piece = Math.Min(bytes, writer.GetMemory(Math.Min(bytes, LargestStandIn)).Length);
            writer.Advance(piece);
            bytes -= piece;
        }
    }

    public void EndDirect()
    {
        Loop!.SlowestRate = null;
        _direct = null;
    }

    public async ValueTask<bool> FlushAsync()
    {
        if (_writer is null && !_context.Response.HasStarted)
        {
            // The writer of a stream that somebody has put in the place of Kestrel's takes no heed of an answer without a byte so far.
            await _context.Response.StartAsync();
        }

        var flushed = await (_writer ??= _context.Response.BodyWriter).FlushAsync();
        if (IsAloneOnLoop)
        {
            // What waits for Kestrel's writer goes on on a thread of the pool.
            await Loop!.Loop.SwitchAsync();
        }

        if (flushed.IsCompleted || flushed.IsCanceled)
        {
            return false;
        }

        if (_direct is { IsToDrop: true } socket)
        {
            // Kestrel kept back what stands for bytes that the client has: what comes next would be dropped in its place.
            socket.Abort();
            return false;
        }

        return true;
    }

    public void WriteTrailers(ChunkedBody chunks) => ClientAnswer.WriteTrailers(_context, chunks);

    public Task CompleteAsync() => _context.Response.CompleteAsync();

    /// <remarks>What a connection with several streams takes says nothing of the one that waits.</remarks>
    public bool HasTakenSome() => IsAloneOnLoop && Loop!.Socket!.HasTakenSome();

    public void CutOff()
    {
        // Not by way of Kestrel, which holds a lock meanwhile: what waits for the client goes on within this call.
        if (IsAloneOnLoop)
        {
            Loop!.Socket!.Abort();
        }
    }

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
