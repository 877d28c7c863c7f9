namespace Gateway.Http.Forwarding;

/// <summary>How many requests, tries on other destinations included, went through which forwarder.</summary>
internal sealed class ForwardedRequests
{
    private long _own;
    private long _yarp;

    /// <summary>Through Gateway's own.</summary>
    public long Own => Volatile.Read(ref _own);

    /// <summary>Through YARP's.</summary>
    public long Yarp => Volatile.Read(ref _yarp);

    public void CountOwn() => Interlocked.Increment(ref _own);

    public void CountYarp() => Interlocked.Increment(ref _yarp);
}
