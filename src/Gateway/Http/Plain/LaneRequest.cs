using Gateway.Clusters;
using Gateway.Http.Forwarding;
using Gateway.Scheduling;

namespace Gateway.Http.Plain;

/// <summary>A request that is served on its connection, with the bytes of its connection that were received and not used yet. Lent
/// to a connection while there are any; on its loop's thread.</summary>
internal sealed class LaneRequest : ProxiedRequest
{
    private byte[] _bytes = [];
    private int _start;
    private int _end;

    public LaneRequest()
    {
        Client = new LaneClient(Head);
        Steps = new LaneSteps(this);
    }

    /// <summary>The connection that has it.</summary>
    public LaneSocket Socket { get; private set; } = null!;

    public PlainHead Head { get; } = new();

    public LaneClient Client { get; }

    public Exchange Exchange { get; } = new();

    public LaneSteps Steps { get; }

    /// <summary>What its route asks for.</summary>
    public ForwardingPlan Plan { get; private set; } = null!;

    /// <summary>The scheduler of its cluster.</summary>
    public ClusterScheduler Scheduler { get; private set; } = null!;

    /// <summary>What the scheduler may know of it.</summary>
    public Flow Flow { get; private set; }

    /// <summary>Where it is reserved a place.</summary>
    public Destination? Tried { get; set; }

    /// <summary>Whether its end has been told.</summary>
    public bool IsTold { get; set; }

    /// <summary>What was received and not used.</summary>
    public ReadOnlyMemory<byte> Unused => _bytes.AsMemory(_start, _end - _start);

    /// <summary>The target of the request in progress, as it came.</summary>
    public ReadOnlySpan<byte> Target => Unused.Span[Head.Target];

    /// <summary>Its Host, as it came.</summary>
    public ReadOnlySpan<byte> Host => Unused.Span[Head.Host];

    /// <summary>Lends one to a connection.</summary>
    public static LaneRequest Lend(LaneSocket socket)
    {
        var request = Spare<LaneRequest>.Take();
        request.Socket = socket;
        return request;
    }

    /// <summary>Takes it back, with what was not used.</summary>
    public void TakeBack()
    {
        Release();
        Exchange.Release();
        Client.Clear();
        Let();
        Socket = null!;
        Spare<LaneRequest>.Return(this);
    }

    /// <summary>Holds bytes that were received, at most <see cref="ExchangeBuffers.Size"/>, after all that were before are used.
    /// </summary>
    public void Hold(ReadOnlySpan<byte> received)
    {
        _bytes = ExchangeBuffers.Take(received.Length);
        received.CopyTo(_bytes);
        _end = received.Length;
    }

    /// <summary>Bytes were used.</summary>
    public void Use(int bytes)
    {
        _start += bytes;
        if (_start == _end)
        {
            Let();
        }
    }

    /// <summary>Begins with the request that <see cref="Head"/> has read.</summary>
    /// <param name="plan">What its route asks for.</param>
    /// <param name="scheduler">The scheduler of its cluster.</param>
    /// <param name="started">Timestamp of its beginning.</param>
    /// <param name="timesFirstByte">Whether somebody wants to know when the first byte of the answer came.</param>
    public void Begin(ForwardingPlan plan, ClusterScheduler scheduler, long started, bool timesFirstByte)
    {
        Start(null, null, plan.RouteId, plan.ClusterId, started);
        IsTold = false;
        Plan = plan;
        Scheduler = scheduler;
        Flow = scheduler.KeySource is null ? Socket.Flow : Socket.Flow with { Key = FlowKey.OfAddress(Socket.Flow.Client) };
        Client.Begin(Socket, Unused[..Head.TotalLength], plan.KeepsHost, timesFirstByte);
    }

    public override void Release()
    {
        base.Release();
        Plan = null!;
        Scheduler = null!;
        Client.Release();
    }

    /// <summary>Cuts it off, with its connection.</summary>
    public override void Abort() => Socket.Abort();

    private void Let()
    {
        ExchangeBuffers.Return(_bytes);
        _bytes = [];
        _start = _end = 0;
    }
}
