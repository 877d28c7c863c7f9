using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Plain;

/// <summary>What a request of the plain lane waits for, and who goes on then; without memory for each.</summary>
internal sealed class LaneSteps(LaneRequest request)
{
    private Action? _onExchanged;
    private Action? _onFlushed;
    private ValueTask<ForwarderError> _exchange;
    private ValueTask<bool> _flush;

    /// <summary>Forwards the request; <see cref="LaneBalancer.Exchanged"/> goes on, now or later.</summary>
    public void Forward(LaneBalancer balancer) => Await(request.Exchange.RunAsync(), balancer);

    /// <summary>Sends the end of the answer; <see cref="LaneSocket.Served"/> goes on, now or later.</summary>
    public void Flush() => Await(request.Client.FlushEndAsync());

    private void Await(ValueTask<ForwarderError> exchange, LaneBalancer balancer)
    {
        _exchange = exchange;
        if (exchange.IsCompleted)
        {
            Exchanged(balancer);
        }
        else
        {
            exchange.GetAwaiter().UnsafeOnCompleted(_onExchanged ??= () => Exchanged(request.Socket.Balancer));
        }
    }

    private void Await(ValueTask<bool> flush)
    {
        _flush = flush;
        if (flush.IsCompleted)
        {
            Flushed();
        }
        else
        {
            flush.GetAwaiter().UnsafeOnCompleted(_onFlushed ??= Flushed);
        }
    }

    private void Exchanged(LaneBalancer balancer)
    {
        var exchange = _exchange;
        _exchange = default;
        try
        {
            exchange.GetAwaiter().GetResult();
            balancer.Exchanged(request);
        }
        catch (Exception e)
        {
            balancer.Failed(request, e);
        }
    }

    private void Flushed()
    {
        var flush = _flush;
        _flush = default;
        request.Socket.Served(flush.GetAwaiter().GetResult() ? LaneOutcome.Answered : LaneOutcome.Broken);
    }
}
