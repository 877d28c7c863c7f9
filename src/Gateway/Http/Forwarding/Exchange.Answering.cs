using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Forwarding;

/// <content>How an answer is passed on.</content>
internal sealed partial class Exchange
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ForwarderError> PassOnAsync(Upstream upstream)
    {
        var head = upstream.Head;
        _client.WriteHead(head);
        var hasBody = HasBody(head);
        var end = ResponseBodyEnd.Complete;
        Exception? exception = null;
        if (hasBody)
        {
            var body = new ResponseBody(_client, upstream);
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
            _client.WriteTrailers(upstream.Chunks);
        }

        var isSent = await FinishBodyAsync(head);
        _isOver = isSent;
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
            await _client.CompleteAsync();
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
        !HttpMethods.IsHead(_client.Method)
        && head.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified)
        && head.ContentLength != 0;

    /// <summary>Whether an answer of which no body is passed on cannot be followed by one all the same.</summary>
    private bool IsWithoutBody(ResponseHead head) =>
        HttpMethods.IsHead(_client.Method)
        || head.ContentLength == 0
        || (head.Status != StatusCodes.Status205ResetContent && !head.IsChunked
            && (head.ContentLength < 0 || head.Status == StatusCodes.Status304NotModified));
}
