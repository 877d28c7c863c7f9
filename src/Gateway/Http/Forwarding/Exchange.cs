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
internal sealed class Exchange(
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

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ForwarderError> PassOnAsync(Upstream upstream)
    {
        var head = upstream.Head;
        ClientAnswer.WriteHead(context, head);
        var hasBody = HasBody(head);
        var end = ResponseBodyEnd.Complete;
        Exception? exception = null;
        if (hasBody)
        {
            var body = new ResponseBody(context, upstream);
            try
            {
                end = await (head.IsChunked
                    ? body.CopyChunksAsync(_start, _end)
                    : body.CopyAsync(_start, _end, head.ContentLength));
            }
            catch (SocketException e)
            {
                exception = e;
                end = ResponseBodyEnd.Truncated;
            }
        }

        if (end is not (ResponseBodyEnd.Complete or ResponseBodyEnd.Extra))
        {
            return BrokenOff(upstream, end, exception);
        }

        if (head.IsChunked)
        {
            ClientAnswer.WriteTrailers(context, upstream.Chunks);
        }

        var isSent = await FinishBodyAsync(head);
        _isReusable = isSent
            && end == ResponseBodyEnd.Complete
            && head.IsPersistent
            && (hasBody ? head.IsChunked || head.ContentLength >= 0 : _start == _end && IsWithoutBody(head))
            && upstream.End == UpstreamEnd.None;
        return ForwarderError.None;
    }

    /// <summary>The answer is complete: waits until the request is, if the destination still takes it; returns whether it
    /// is.</summary>
    private async ValueTask<bool> FinishBodyAsync(ResponseHead head)
    {
        if (_body is null)
        {
            return true;
        }

        if (_body.End is null)
        {
            // The client may wait for the answer before it sends the rest.
            await context.Response.CompleteAsync();
            if (!head.IsPersistent)
            {
                return false;
            }
        }

        return await _body.WaitAsync() == RequestBodyEnd.Sent;
    }

    /// <summary>Whether the client is passed a body (RFC 9112, section 6.3; RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5).
    /// </summary>
    private bool HasBody(ResponseHead head) =>
        !HttpMethods.IsHead(context.Request.Method)
        && head.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified)
        && head.ContentLength != 0;

    /// <summary>Whether an answer of which no body is passed on cannot be followed by one all the same.</summary>
    private bool IsWithoutBody(ResponseHead head) =>
        HttpMethods.IsHead(context.Request.Method)
        || head.ContentLength == 0
        || (head.Status != StatusCodes.Status205ResetContent && !head.IsChunked
            && (head.ContentLength < 0 || head.Status == StatusCodes.Status304NotModified));

    private ForwarderError BrokenOff(Upstream upstream, ResponseBodyEnd end, Exception? exception)
    {
        var error = upstream.End switch
        {
            UpstreamEnd.ClientGone => ForwarderError.ResponseBodyClient,
            UpstreamEnd.BodyBroken => ForwarderError.RequestBodyClient,
            _ => end == ResponseBodyEnd.ClientGone ? ForwarderError.ResponseBodyClient : ForwarderError.ResponseBodyDestination,
        };
        // The client must not take what it has for the whole.
        context.Features.Set<IForwarderErrorFeature>(new ForwardingError(error, exception ?? ForwardingError.Ended(upstream.Head, end)));
        context.Abort();
        return error;
    }

    private ForwarderError NotConnected(SocketException exception) => Fail(
        ForwarderError.Request,
        StatusCodes.Status502BadGateway,
        new HttpRequestException(
            exception.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData
                ? HttpRequestError.NameResolutionError
                : HttpRequestError.ConnectionError,
            exception.Message,
            exception));

    private async ValueTask<ForwarderError> FailAsync(Upstream upstream, Answer answer, Exception? exception)
    {
        var isWaitingForClient = _body?.IsWaitingForClient == true;
        var end = upstream.End;
        upstream.Close(UpstreamEnd.Done);
        if (_body is not null)
        {
            await _body.StopAsync();
        }

        return end switch
        {
            UpstreamEnd.ClientGone => Fail(ForwarderError.RequestCanceled, StatusCodes.Status400BadRequest, exception!),
            UpstreamEnd.BodyBroken => Fail(
                ForwarderError.RequestBodyClient,
                _body?.Exception is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status400BadRequest,
                _body!.Exception!),
            UpstreamEnd.ActivityTimeout when isWaitingForClient =>
                Fail(ForwarderError.RequestBodyClient, StatusCodes.Status408RequestTimeout, exception!),
            UpstreamEnd.ActivityTimeout =>
                Fail(ForwarderError.RequestTimedOut, StatusCodes.Status504GatewayTimeout, exception!),
            _ when _body?.End == RequestBodyEnd.DestinationBroken && answer != Answer.Bad =>
                Fail(ForwarderError.RequestBodyDestination, StatusCodes.Status502BadGateway, _body.Exception!),
            _ => Fail(ForwarderError.Request, StatusCodes.Status502BadGateway, ForwardingError.NoAnswer(upstream.Head, answer, exception)),
        };
    }

    private ForwarderError Fail(ForwarderError error, int status, Exception exception)
    {
        context.Features.Set<IForwarderErrorFeature>(new ForwardingError(error, exception));
        context.Response.StatusCode = status;
        return error;
    }
}
