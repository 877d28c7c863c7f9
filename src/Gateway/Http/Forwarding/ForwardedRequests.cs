namespace Gateway.Http.Forwarding;

/// <summary>How many requests, tries on other destinations included, went through which forwarder.</summary>
internal sealed class ForwardedRequests
{
    private long _lane;
    private long _pipeline;
    private long _yarp;

    /// <summary>Through Gateway's own, on the plain lane.</summary>
    public long Lane => Volatile.Read(ref _lane);

    /// <summary>Through Gateway's own, in the pipeline.</summary>
    public long Pipeline => Volatile.Read(ref _pipeline);

    /// <summary>Through YARP's.</summary>
    public long Yarp => Volatile.Read(ref _yarp);

    public void CountLane() => Interlocked.Increment(ref _lane);

    public void CountPipeline() => Interlocked.Increment(ref _pipeline);

    public void CountYarp() => Interlocked.Increment(ref _yarp);
}
