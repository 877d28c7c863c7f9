using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Gateway.Http.Forwarding;

/// <content>How a request is sent, and the head of its answer waited for.</content>
internal sealed partial class Exchange
{
    /// <summary>Sends the request and waits for the head of the answer.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<(Answer Answer, Exception? Exception)> AskAsync(Upstream upstream)
    {
        upstream.Begin(_activityTimeout);
        var length = _client.WriteRequestHead(upstream);
        try
        {
            await upstream.SendAsync(upstream.Sending.AsMemory(0, length));
        }
        catch (SocketException e)
        {
            // Nothing can have been answered to a request that was not sent.
            return (Answer.Nothing, e);
        }

        upstream.ReleaseSending();
        _body = _client.BeginBody(upstream, _time);
        upstream.Head.Reset();
        _start = _end = 0;
        return await ReceiveHeadAsync(upstream);
    }

    /// <summary>Waits for the rest of the answer's head.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<(Answer Answer, Exception? Exception)> ReceiveHeadAsync(Upstream upstream)
    {
        try
        {
            while (true)
            {
                if (TryReadHead(upstream) is { } answer)
                {
                    return (answer, null);
                }

                if (_end == 0 && upstream is LoopUpstream onLoop && Loop?.Loop.IsCurrentThread == true)
                {
                    // Without a buffer, as in WaitForAnswer.
                    await onLoop.ReadableAsync();
                }

                MakeRoom(upstream);
                var received = await upstream.ReceiveAsync(upstream.Received.AsMemory(_end));
                if (received == 0)
                {
                    return (_end == 0 ? Answer.Nothing : Answer.Broken, null);
                }

                _end += received;
            }
        }
        catch (SocketException e)
        {
            return (_end == 0 ? Answer.Nothing : Answer.Broken, e);
        }
    }

    /// <summary>Reads what came of the answer's head; null when more must come.</summary>
    private Answer? TryReadHead(Upstream upstream)
    {
        var head = upstream.Head;
        while (_end > _start)
        {
            switch (head.Read(upstream.Received.AsSpan(_start, _end - _start)))
            {
                case ParseStatus.NeedMore:
                    return null;
                case ParseStatus.Bad:
                    return Answer.Bad;
                default:
                    _start += head.Length;
                    break;
            }

            if (head.Status >= 200)
            {
                _body?.Answered();
                return Answer.Head;
            }

            if (head.Status == StatusCodes.Status101SwitchingProtocols || ++_informational > MaxInformational)
            {
                head.Refuse(head.Status == StatusCodes.Status101SwitchingProtocols
                    ? "it switches protocols, which nobody asked for"
                    : "too many informational answers");
                return Answer.Bad;
            }

            if (head.Status == StatusCodes.Status100Continue)
            {
                _body?.Continue();
            }

            head.Reset();
        }

        return null;
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
