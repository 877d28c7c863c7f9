using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Gateway.Http.Transport;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Forwarding;

/// <summary>One request forwarded over HTTP/1.1: a connection, the head, the bodies both ways, and what it came to. One
/// object serves one request after the other.</summary>
/// <remarks>
/// A kept connection that the destination closes as the request is sent gave no answer, and nobody can tell whether it
/// acted. A method that may be repeated (RFC 9110, section 9.2.2), without a body, is sent once more on a new
/// connection; anything else fails. A connection is kept only if the answer was framed beyond doubt, nothing came
/// after it, and all of the request was sent.
/// </remarks>
internal sealed partial class Exchange : IClientWatcher, IValueTaskSource<ForwarderError>
{
    private const int MaxInformational = 16;

    private ManualResetValueTaskSourceCore<ForwarderError> _quick;
    private IExchangeClient _client = null!;
    private UpstreamTarget _target = null!;
    private UpstreamPool _pool = null!;
    private TimeProvider _time = null!;
    private TimeSpan _activityTimeout;
    private Upstream? _upstream;
    private RequestBody? _body;
    private int _start;
    private int _end;
    private int _informational;
    private bool _isOver;
    private bool _isReusable;
    private volatile bool _isClientGone;

    private ILoopClient? Loop => _client.Loop;

    private bool MayRepeat => !_client.HasBody
        && (HttpMethods.IsGet(_client.Method) || HttpMethods.IsHead(_client.Method)
            || HttpMethods.IsOptions(_client.Method) || HttpMethods.IsTrace(_client.Method)
            || HttpMethods.IsPut(_client.Method) || HttpMethods.IsDelete(_client.Method));

    /// <summary>Takes a request on.</summary>
    /// <param name="client">The client's side of it.</param>
    /// <param name="target">Where it goes.</param>
    /// <param name="activityTimeout">Time without a byte in either direction after which it is ended.</param>
    /// <param name="offLoops">Idle connections for clients that are on no event loop.</param>
    /// <param name="time">The clock.</param>
    public void Begin(
        IExchangeClient client, UpstreamTarget target, TimeSpan activityTimeout, UpstreamPool offLoops, TimeProvider time)
    {
        _client = client;
        _target = target;
        _activityTimeout = activityTimeout;
        _pool = client.Loop?.Upstreams ?? offLoops;
        _time = time;
        _upstream = null;
        _body = null;
        _start = _end = _informational = 0;
        _isOver = _isReusable = _isClientGone = false;
    }

    /// <summary>Forwards the request and passes the answer on.</summary>
    public ValueTask<ForwarderError> RunAsync() => TryRunQuickly() ? new(this, _quick.Version) : RunStepByStepAsync();

    /// <summary>Lets go of what the last request had, once its result was taken.</summary>
    public void Release()
    {
        _quick.Reset();
        _target = null!;
    }

    public void OnClientGone()
    {
        _isClientGone = true;
        _upstream?.Close(UpstreamEnd.ClientGone);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ForwarderError> RunStepByStepAsync()
    {
        if (Loop is { } loop)
        {
            // Kestrel begins a connection, and every stream of HTTP/2, on a thread of the pool.
            await loop.Loop.SwitchAsync();
        }

        var registration = default(CancellationTokenRegistration);
        if (_client.IsAloneOnLoop)
        {
            Loop!.Watch(this);
        }
        else
        {
            registration = _client.Gone.UnsafeRegister(static exchange => ((Exchange)exchange!).OnClientGone(), this);
        }

        try
        {
            return await ForwardAsync(mayUseKept: true);
        }
        finally
        {
            // From here on the connection may be another request's.
            await registration.DisposeAsync();
            if (Loop is { } own)
            {
                // What waits for a client of HTTP/2 goes on on a thread of the pool.
                await own.Loop.SwitchAsync();
            }

            if (_client.IsAloneOnLoop)
            {
                Loop!.Watch(null);
            }

            await EndAsync();
        }
    }

    /// <summary>Lets go of the connection, so that an exchange that waits for its next request does not hold its buffers
    /// alive, and late word of the client cannot close it under another request.</summary>
    private async ValueTask EndAsync()
    {
        var (ended, body) = (_upstream, _body);
        (_upstream, _body) = (null, null);
        if (ended is not { } upstream)
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
        if (body is not null)
        {
            await body.StopAsync();
        }

        if (_isOver || upstream.IsStill)
        {
            upstream.ReleaseBuffers();
        }
    }

    /// <param name="mayUseKept">Whether a kept connection will do; false when the request was sent on one.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ForwarderError> ForwardAsync(bool mayUseKept)
    {
        for (; ; mayUseKept = false)
        {
            try
            {
                _upstream = (mayUseKept ? _pool.Take(_target, MayRepeat) : null) ?? await ConnectAsync();
            }
            catch (SocketException e) when (mayUseKept)
            {
                return NotConnected(e);
            }
            catch (SocketException e)
            {
                return NotConnectedAgain(e);
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

            if (MayAskAgain(_upstream, answer))
            {
                continue;
            }

            return await FailAsync(_upstream, answer, exception);
        }
    }

    /// <summary>Whether a kept connection had ended before the request reached it, as far as one can tell, and the request
    /// may be sent again.</summary>
    private bool MayAskAgain(Upstream upstream, Answer answer)
    {
        if (answer != Answer.Nothing || upstream.Exchanges == 0 || upstream.End != UpstreamEnd.None || !MayRepeat)
        {
            return false;
        }

        upstream.Close(UpstreamEnd.Done);
        if (upstream.IsStill)
        {
            upstream.ReleaseBuffers();
        }

        return true;
    }

    private ValueTask<Upstream> ConnectAsync() => Loop is { } loop
        ? LoopUpstream.ConnectAsync(_target, _pool, loop.Loop)
        : SocketUpstream.ConnectAsync(_target, _pool, _time, _client.Gone);
}
