using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gateway.Http.Transport;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Forwarding;

/// <summary>One request forwarded over HTTP/1.1: a connection, the head, the bodies both ways, and what it came to.</summary>
/// <remarks>
/// A kept connection that the destination closes as the request is sent gave no answer, and nobody can tell whether it
/// acted. A method that may be repeated (RFC 9110, section 9.2.2), without a body, is sent once more on a new
/// connection; anything else fails. A connection is kept only if the answer was framed beyond doubt, nothing came
/// after it, and all of the request was sent.
/// </remarks>
internal sealed partial class Exchange(
    HttpContext context, ForwardingPlan plan, UpstreamTarget target, string path, UpstreamPool offLoops, TimeProvider time)
    : IClientWatcher
{
    private const int MaxInformational = 16;

    private readonly BodyFraming _framing = FramingOf(context);
    private readonly LoopClient? _client = context.Features.Get<LoopClient>();
    private Upstream? _upstream;
    private RequestBody? _body;
    private int _start;
    private int _end;
    private bool _isReusable;
    private volatile bool _isClientGone;

    private UpstreamPool Pool => _client?.Upstreams ?? offLoops;

    /// <summary>Whether the end of the client's connection is all that can end this request from its side: no other stream,
    /// no timeout of the route.</summary>
    private bool IsAloneOnLoop => _client is not null
        && context.Request.Protocol is ['H', 'T', 'T', 'P', '/', '1', ..]
        && context.Features.Get<IHttpRequestTimeoutFeature>() is null;

    private bool MayRepeat => _framing == BodyFraming.None
        && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
            || HttpMethods.IsOptions(context.Request.Method) || HttpMethods.IsTrace(context.Request.Method)
            || HttpMethods.IsPut(context.Request.Method) || HttpMethods.IsDelete(context.Request.Method));

    /// <summary>Forwards the request and passes the answer on.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ForwarderError> RunAsync()
    {
        if (_client is not null)
        {
            // Kestrel begins a connection, and every stream of HTTP/2, on a thread of the pool.
            await _client.Loop.SwitchAsync();
        }

        var registration = default(CancellationTokenRegistration);
        if (IsAloneOnLoop)
        {
            _client!.Watch(this);
        }
        else
        {
            registration = context.RequestAborted.UnsafeRegister(
                static exchange => ((Exchange)exchange!).OnClientGone(), this);
        }

        try
        {
            return await ForwardAsync();
        }
        finally
        {
            // From here on the connection may be another request's.
            registration.Dispose();
            if (IsAloneOnLoop)
            {
                _client!.Watch(null);
            }

            await EndAsync();
        }
    }

    private static BodyFraming FramingOf(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true } ? BodyFraming.None
        : context.Request.ContentLength is not null ? BodyFraming.Length
        : BodyFraming.Chunked;

    public void OnClientGone()
    {
        _isClientGone = true;
        _upstream?.Close(UpstreamEnd.ClientGone);
    }

    private async ValueTask EndAsync()
    {
        if (_upstream is not { } upstream)
        {
            return;
        }

        if (_isReusable)
        {
            upstream.Exchanges++;
            upstream.Pool.Return(upstream);
            return;
        }

        upstream.Close(UpstreamEnd.Done);
        if (_body is not null)
        {
            await _body.StopAsync();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ForwarderError> ForwardAsync()
    {
        for (var mayUseKept = true; ; mayUseKept = false)
        {
            try
            {
                _upstream = (mayUseKept ? Pool.Take(target) : null) ?? await ConnectAsync();
            }
            catch (SocketException e)
            {
                return NotConnected(e);
            }
            catch (OperationCanceledException e)
            {
                return Fail(ForwarderError.RequestCanceled, StatusCodes.Status400BadRequest, e);
            }

            if (_isClientGone)
            {
                _upstream.Close(UpstreamEnd.ClientGone);
            }

            var (answer, exception) = await AskAsync(_upstream);
            if (answer == Answer.Head)
            {
                return await PassOnAsync(_upstream);
            }

            if (answer == Answer.Nothing && _upstream.Exchanges > 0 && _upstream.End == UpstreamEnd.None && MayRepeat)
            {
                _upstream.Close(UpstreamEnd.Done);
                continue;
            }

            return await FailAsync(_upstream, answer, exception);
        }
    }

    private ValueTask<Upstream> ConnectAsync() => _client is null
        ? SocketUpstream.ConnectAsync(target, offLoops, time, context.RequestAborted)
        : LoopUpstream.ConnectAsync(target, _client.Upstreams, _client.Loop);

    /// <summary>Sends the request and waits for the head of the answer.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<(Answer Answer, Exception? Exception)> AskAsync(Upstream upstream)
    {
        upstream.Begin(plan.ActivityTimeout);
        var length = RequestHead.Write(upstream, context, path, plan.KeepsHost, _framing);
        try
        {
            await upstream.SendAsync(upstream.Sending.AsMemory(0, length));
        }
        catch (SocketException e)
        {
            // Nothing can have been answered to a request that was not sent.
            return (Answer.Nothing, e);
        }

        if (_framing != BodyFraming.None)
        {
            _body = new RequestBody(context, upstream, _framing);
            _body.Start(whenAsked: ExpectsContinue(context.Request), time);
        }

        try
        {
            return (await ReceiveHeadAsync(upstream), null);
        }
        catch (SocketException e)
        {
            return (_end == 0 ? Answer.Nothing : Answer.Broken, e);
        }
    }

    private static bool ExpectsContinue(HttpRequest request) =>
        request.Headers.Expect.ToString().Equals("100-continue", StringComparison.OrdinalIgnoreCase);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Answer> ReceiveHeadAsync(Upstream upstream)
    {
        var head = upstream.Head;
        head.Reset();
        _start = _end = 0;
        for (var informational = 0; ;)
        {
            var status = _end == _start ? ParseStatus.NeedMore : head.Read(upstream.Received.AsSpan(_start, _end - _start));
            if (status == ParseStatus.Bad)
            {
                return Answer.Bad;
            }

            if (status == ParseStatus.Done)
            {
                _start += head.Length;
                if (head.Status >= 200)
                {
                    _body?.Answered();
                    return Answer.Head;
                }

                if (head.Status == StatusCodes.Status101SwitchingProtocols || ++informational > MaxInformational)
                {
                    // Nobody asked to switch.
                    return Answer.Bad;
                }

                if (head.Status == StatusCodes.Status100Continue)
                {
                    _body?.Continue();
                }

                head.Reset();
                continue;
            }

            MakeRoom(upstream);
            var received = await upstream.ReceiveAsync(upstream.Received.AsMemory(_end));
            if (received == 0)
            {
                return _end == 0 ? Answer.Nothing : Answer.Broken;
            }

            _end += received;
        }
    }

    private void MakeRoom(Upstream upstream)
    {
        if (_start > 0)
        {
            upstream.Received.AsSpan(_start, _end - _start).CopyTo(upstream.Received);
            _end -= _start;
            _start = 0;
        }

        if (_end == upstream.Received.Length)
        {
            upstream.GrowReceived();
        }
    }
}
