namespace Gateway.Http.Forwarding;

/// <summary>How many requests, tries on other destinations included, went through which forwarder.</summary>
internal sealed class ForwardedRequests
{
    private long _own;
    private long _yarp;
    private long _lane;

    /// <summary>Through Gateway's own, the plain lane included.</summary>
    public long Own => Volatile.Read(ref _own);

    /// <summary>Of those, on the plain lane.</summary>
    public long Lane => Volatile.Read(ref _lane);

    /// <summary>Through YARP's.</summary>
    public long Yarp => Volatile.Read(ref _yarp);

    public void CountOwn() => Interlocked.Increment(ref _own);

    public void CountLane()
    {
        Interlocked.Increment(ref _lane);
        CountOwn();
    }

    public void CountYarp() => Interlocked.Increment(ref _yarp);
}
