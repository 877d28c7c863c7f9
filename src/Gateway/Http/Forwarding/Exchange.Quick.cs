using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Forwarding;

/// <content>
/// The way most requests go: on the loop's thread, without a body, over a kept connection, answered by one piece that
/// holds head and body. It waits once, and nothing is made for it. Whatever turns out otherwise goes on step by step from
/// where it is.
/// </content>
internal sealed partial class Exchange
{
    private Action? _onReceived;
    private ValueTask<int> _receiving;

    ForwarderError IValueTaskSource<ForwarderError>.GetResult(short token) => _quick.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ForwarderError>.GetStatus(short token) => _quick.GetStatus(token);

    void IValueTaskSource<ForwarderError>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _quick.OnCompleted(continuation, state, token, flags);

    private bool TryRunQuickly()
    {
        if (!_client.IsAloneOnLoop || !Loop!.Loop.IsCurrentThread || _client.Framing != BodyFraming.None
            || _pool.Take(_target, MayRepeat) is not { } upstream)
        {
            return false;
        }

        _quick.Reset();
        _upstream = upstream;
        Loop.Watch(this);
        if (upstream.End != UpstreamEnd.None)
        {
            // The client had gone before.
            _ = GoOnAsync(AskAsync(upstream));
            return true;
        }

        upstream.Begin(_activityTimeout);
        var length = _client.WriteRequestHead(upstream);
        upstream.Head.Reset();
        ValueTask sending;
        try
        {
            sending = upstream.SendAsync(upstream.Sending.AsMemory(0, length));
        }
        catch (SocketException e)
        {
            _ = GoOnAsync(new((Answer.Nothing, e)));
            return true;
        }

        if (!sending.IsCompletedSuccessfully)
        {
            _ = GoOnAsync(SentAsync(upstream, sending));
            return true;
        }

        sending.GetAwaiter().GetResult();
        upstream.ReleaseSending();
        WaitForAnswer((LoopUpstream)upstream);
        return true;
    }

    /// <summary>Without a buffer: one that is taken when there is something for it is the one that was used last.</summary>
    private void WaitForAnswer(LoopUpstream upstream)
    {
        try
        {
            Await(upstream.ReadableAsync());
        }
        catch (SocketException e)
        {
            _ = GoOnAsync(new((Answer.Nothing, e)));
        }
    }

    private void Await(ValueTask<int> receiving)
    {
        _receiving = receiving;
        if (receiving.IsCompleted)
        {
            OnReceived();
        }
        else
        {
            receiving.GetAwaiter().UnsafeOnCompleted(_onReceived ??= OnReceived);
        }
    }

    private void OnReceived()
    {
        var upstream = _upstream!;
        var receiving = _receiving;
        _receiving = default;
        try
        {
            receiving.GetAwaiter().GetResult();
            _end = ((LoopUpstream)upstream).TryReceive(upstream.Received);
        }
        catch (SocketException e)
        {
            _ = GoOnAsync(new((Answer.Nothing, e)));
            return;
        }

        if (_end < 0)
        {
            _end = 0;
            WaitForAnswer((LoopUpstream)upstream);
            return;
        }

        if (_end == 0)
        {
            _ = GoOnAsync(new((Answer.Nothing, null)));
            return;
        }

        try
        {
            if (TryPassOnQuickly(upstream))
            {
                Loop!.Watch(null);
                _upstream = null;
                upstream.Exchanges++;
                upstream.Pool.Return(upstream);
                _quick.SetResult(ForwarderError.None);
                return;
            }
        }
        catch (Exception e)
        {
            // What Kestrel refuses to take: the same as from an asynchronous method.
            Loop!.Watch(null);
            _upstream = null;
            upstream.Close(UpstreamEnd.Done);
            _quick.SetException(e);
            return;
        }

        _ = GoOnAsync(ReceiveHeadAsync(upstream));
    }

    /// <summary>Passes an answer on that is all there, and after which the connection can be kept.</summary>
    private bool TryPassOnQuickly(Upstream upstream)
    {
        var head = upstream.Head;
        if (upstream.Received.Length <= _end || head.Read(upstream.Received.AsSpan(0, _end)) != ParseStatus.Done
            || head.Status < 200 || !head.IsPersistent || head.IsChunked || _client.MustFlushEnd || upstream.End != UpstreamEnd.None)
        {
            return Again(head);
        }

        var bodyLength = _end - head.Length;
        if (HasBody(head) ? head.ContentLength != bodyLength : bodyLength != 0 || !IsWithoutBody(head))
        {
            return Again(head);
        }

        _client.WriteHead(head);
        _client.WriteBody(upstream.Received.AsSpan(head.Length, bodyLength));
        return true;
    }

    /// <summary>Lets the head be read from its beginning.</summary>
    private static bool Again(ResponseHead head)
    {
        head.Reset();
        return false;
    }

    private async ValueTask<(Answer, Exception?)> SentAsync(Upstream upstream, ValueTask sending)
    {
        try
        {
            await sending;
        }
        catch (SocketException e)
        {
            return (Answer.Nothing, e);
        }

        return await ReceiveHeadAsync(upstream);
    }

    /// <summary>Goes on step by step once it is known what came of asking.</summary>
    private async Task GoOnAsync(ValueTask<(Answer Answer, Exception? Exception)> asking)
    {
        ForwarderError result;
        try
        {
            try
            {
                var (answer, exception) = await asking;
                var upstream = _upstream!;
                result = answer == Answer.Head ? await PassOnAsync(upstream)
                    : MayAskAgain(upstream, answer) ? await ForwardAsync(mayUseKept: false)
                    : await FailAsync(upstream, answer, exception);
            }
            finally
            {
                await Loop!.Loop.SwitchAsync();
                Loop.Watch(null);
                await EndAsync();
            }
        }
        catch (Exception e)
        {
            _quick.SetException(e);
            return;
        }

        _quick.SetResult(result);
    }
}
