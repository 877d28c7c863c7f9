namespace Gateway.Clusters;

/// <summary>
/// The counters of one destination, keyed by cluster and destination id: they survive reload, removal and adding
/// again, and are shared by HTTP and the relay. All members may be called from any thread.
/// </summary>
/// <remarks>
/// Active, inactive and the overload flag are one 64-bit word, so that a reservation is one compare-and-swap and can
/// never exceed a limit. The overload flag has the hysteresis of IPVS (net/netfilter/ipvs/ip_vs_conn.c, bind and
/// unbind): set when a flow brings the total to the upper threshold, cleared when one ends and the total is below the
/// lower threshold, or below three quarters of the upper one if no lower one is set.
/// </remarks>
internal sealed class DestinationState(string clusterId, string destinationId)
{
    private const long OneInactive = 1;
    private const long OneActive = 1L << 31;
    private const long Overloaded = 1L << 62;
    private const long CountMask = (1L << 31) - 1;

    private readonly long[] _failures = new long[Enum.GetValues<FailureReason>().Length];
    private Limits _limits = new(0, 0, 0);
    private long _load;
    private long _flows;
    private long _received;
    private long _sent;
    private long _retries;

    private sealed record Limits(int Max, int Upper, int Lower);

    public string ClusterId { get; } = clusterId;

    public string DestinationId { get; } = destinationId;

    /// <summary>Flows in progress: requests, or established connections.</summary>
    public int Active => (int)((Volatile.Read(ref _load) >> 31) & CountMask);

    /// <summary>Connections that are closing, and UDP sessions, which IPVS never counts as active.</summary>
    public int Inactive => (int)(Volatile.Read(ref _load) & CountMask);

    /// <summary>Whether the upper threshold was reached and the lower one not yet passed again.</summary>
    public bool IsOverloaded => (Volatile.Read(ref _load) & Overloaded) != 0;

    /// <summary>Whether no further flow may be scheduled here: overloaded, or at the limit of connections.</summary>
    public bool IsFull => IsFullAt(Volatile.Read(ref _load), _limits);

    /// <summary>Flows ever given to the destination.</summary>
    public long Flows => Volatile.Read(ref _flows);

    /// <summary>Bytes that came from the destination.</summary>
    public long BytesReceived => Volatile.Read(ref _received);

    /// <summary>Bytes that went to the destination.</summary>
    public long BytesSent => Volatile.Read(ref _sent);

    /// <summary>Flows that failed here and were tried elsewhere.</summary>
    public long Retries => Volatile.Read(ref _retries);

    public long Failures(FailureReason reason) => Volatile.Read(ref _failures[(int)reason]);

    /// <summary>Sets the limits of a new snapshot; the overload flag is judged anew as on an edit in IPVS.</summary>
    public void SetLimits(int maxConnections, int upperThreshold, int lowerThreshold)
    {
        var limits = new Limits(maxConnections, upperThreshold, lowerThreshold);
        if (_limits == limits)
        {
            return;
        }

        Volatile.Write(ref _limits, limits);
        Update(static (load, limits) =>
            limits.Upper == 0 || IsBelow(load, limits) ? load & ~Overloaded
            : Total(load) >= limits.Upper ? load | Overloaded
            : load);
    }

    /// <summary>Reserves one active flow; false, and nothing reserved, when the destination is full.</summary>
    public bool TryBind()
    {
        var limits = Volatile.Read(ref _limits);
        var load = Volatile.Read(ref _load);
        while (!IsFullAt(load, limits))
        {
            var before = Interlocked.CompareExchange(ref _load, Raised(load + OneActive, limits), load);
            if (before == load)
            {
                Interlocked.Increment(ref _flows);
                return true;
            }

            load = before;
        }

        return false;
    }

    /// <summary>Takes one active flow whatever the limits say, as persistence does in IPVS.</summary>
    public void Bind()
    {
        Update(static (load, limits) => Raised(load + OneActive, limits));
        Interlocked.Increment(ref _flows);
    }

    /// <summary>An active flow became inactive: the first half of its connection was closed.</summary>
    public void Deactivate() => Interlocked.Add(ref _load, OneInactive - OneActive);

    /// <summary>Ends an active flow.</summary>
    public void Unbind() => Update(static (load, limits) => Lowered(load - OneActive, limits));

    /// <summary>Ends an inactive flow.</summary>
    public void UnbindInactive() => Update(static (load, limits) => Lowered(load - OneInactive, limits));

    public void CountReceived(long bytes) => Interlocked.Add(ref _received, bytes);

    public void CountSent(long bytes) => Interlocked.Add(ref _sent, bytes);

    public void CountRetry() => Interlocked.Increment(ref _retries);

    public void CountFailure(FailureReason reason) => Interlocked.Increment(ref _failures[(int)reason]);

    private static long Total(long load) => ((load >> 31) & CountMask) + (load & CountMask);

    private static bool IsFullAt(long load, Limits limits) =>
        (load & Overloaded) != 0
        || (limits.Max != 0 && ((load >> 31) & CountMask) >= limits.Max)
        || (limits.Upper != 0 && Total(load) >= limits.Upper);

    private static bool IsBelow(long load, Limits limits) =>
        limits.Lower != 0 ? Total(load) < limits.Lower : Total(load) * 4 < (long)limits.Upper * 3;

    private static long Raised(long load, Limits limits) =>
        limits.Upper != 0 && Total(load) >= limits.Upper ? load | Overloaded : load;

    private static long Lowered(long load, Limits limits) =>
        limits.Upper == 0 && limits.Lower == 0 ? load & ~Overloaded
        : IsBelow(load, limits) ? load & ~Overloaded
        : load;

    private void Update(Func<long, Limits, long> change)
    {
        var limits = Volatile.Read(ref _limits);
        var load = Volatile.Read(ref _load);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref _load, change(load, limits), load);
            if (before == load)
            {
                return;
            }

            load = before;
        }
    }
}
