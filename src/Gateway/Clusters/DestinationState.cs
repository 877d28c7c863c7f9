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
    private readonly SpreadCounter _received = new();
    private readonly SpreadCounter _sent = new();
    private readonly long[] _failures = new long[Enum.GetValues<FailureReason>().Length];
    private Limits _limits = new(0, 0, 0);
    private Seat? _seat;
    private long _load;
    private long _flows;
    private long _retries;
    private long _ended;
    private long _endedTicks;
    private int _weight;
    private int _failuresInARow;
    private int _mostFailuresInARow;
    private Action<DestinationState, FailureReason>? _suspect;

    private sealed record Limits(int Max, int Upper, int Lower);

    public string ClusterId { get; } = clusterId;

    public string DestinationId { get; } = destinationId;

    /// <summary>All counters that schedulers compare, at one moment.</summary>
    public Load Load => new(Volatile.Read(ref _load));

    /// <summary>Flows in progress: requests, or established connections.</summary>
    public int Active => Load.Active;

    /// <summary>Connections that are closing, and UDP sessions, which IPVS never counts as active.</summary>
    public int Inactive => Load.Inactive;

    /// <summary>Whether the upper threshold was reached and the lower one not yet passed again.</summary>
    public bool IsOverloaded => Load.IsOverloaded;

    /// <summary>Whether no further flow may be scheduled here: overloaded, or at the limit of connections.</summary>
    public bool IsFull => Load.IsFull;

    /// <summary>Whether as many flows are in progress as the destination may ever have.</summary>
    public bool IsAtMaximum => IsAtMaximumAt(Load, Volatile.Read(ref _limits));

    /// <summary>The latest configured weight, known also after the destination was removed.</summary>
    public int Weight => Volatile.Read(ref _weight);

    /// <summary>Flows ever given to the destination.</summary>
    public long Flows => Volatile.Read(ref _flows);

    /// <summary>Bytes that came from the destination.</summary>
    public long BytesReceived => _received.Value;

    /// <summary>Bytes that went to the destination.</summary>
    public long BytesSent => _sent.Value;

    /// <summary>Flows that failed here and were tried elsewhere.</summary>
    public long Retries => Volatile.Read(ref _retries);

    /// <summary>Failures since the last flow that was served well.</summary>
    public int FailuresInARow => Volatile.Read(ref _failuresInARow);

    /// <summary>Flows that ended and whose time is known: answered requests, and connections that were connected.</summary>
    public long Ended => Volatile.Read(ref _ended);

    /// <summary>The time of those together: of a request the whole, of a connection the connecting.</summary>
    public TimeSpan EndedDuration => new(Volatile.Read(ref _endedTicks));

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
        Update(Judged);
    }

    /// <summary>Notes the configured weight of a new snapshot.</summary>
    public void SetWeight(int weight) => Volatile.Write(ref _weight, weight);

    /// <summary>Reserves one active flow; false, and nothing reserved, when the destination is full.</summary>
    /// <param name="overThreshold">Whether the upper threshold does not count, as for a client that persistence or lblc
    /// remembers; the limit of connections always does.</param>
    public bool TryBind(bool overThreshold = false) => TryRaise(Load.OneActive, overThreshold);

    /// <summary>The same for a flow that never counts as active: a UDP client.</summary>
    public bool TryBindInactive(bool overThreshold = false) => TryRaise(Load.OneInactive, overThreshold);

    /// <summary>Takes one active flow whatever the limits say.</summary>
    public void Bind()
    {
        Update(static (load, limits) => Raised(load.Word + Load.OneActive, limits));
        Interlocked.Increment(ref _flows);
    }

    /// <summary>An active flow became inactive: the first half of its connection was closed.</summary>
    public void Deactivate()
    {
        Interlocked.Add(ref _load, Load.OneInactive - Load.OneActive);
        Settle(Volatile.Read(ref _limits));
    }

    /// <summary>Ends an active flow.</summary>
    public void Unbind() => Update(static (load, limits) => Lowered(load.Word - Load.OneActive, limits));

    /// <summary>Ends an inactive flow.</summary>
    public void UnbindInactive() => Update(static (load, limits) => Lowered(load.Word - Load.OneInactive, limits));

    /// <summary>Takes flows into account that are scheduled elsewhere, in the kernel: limits count them and do not stop them.
    /// </summary>
    /// <param name="active">How many more active flows there are; negative is fewer.</param>
    /// <param name="inactive">The same of inactive ones.</param>
    public void Shift(int active, int inactive) => Update((load, limits) =>
        Judged(new Load(load.Word + (active * Load.OneActive) + (inactive * Load.OneInactive)), limits));

    /// <summary>Counts flows that were scheduled elsewhere.</summary>
    public void CountFlows(long count) => Interlocked.Add(ref _flows, count);

    public void CountReceived(long bytes) => _received.Add(bytes);

    public void CountSent(long bytes) => _sent.Add(bytes);

    public void CountEnded(TimeSpan duration)
    {
        Interlocked.Increment(ref _ended);
        Interlocked.Add(ref _endedTicks, duration.Ticks);
    }

    public void CountRetry() => Interlocked.Increment(ref _retries);

    /// <summary>A flow failed here; one that its client aborted does not count as a failure of the destination.</summary>
    public void CountFailure(FailureReason reason)
    {
        Interlocked.Increment(ref _failures[(int)reason]);
        if (reason != FailureReason.ClientAborted
            && Interlocked.Increment(ref _failuresInARow) >= Volatile.Read(ref _mostFailuresInARow)
            && Volatile.Read(ref _suspect) is { } suspect)
        {
            suspect(this, reason);
        }
    }

    /// <summary>The destination served a flow well.</summary>
    public void CountSuccess()
    {
        if (Volatile.Read(ref _failuresInARow) != 0)
        {
            Volatile.Write(ref _failuresInARow, 0);
        }
    }

    /// <summary>From now on calls <paramref name="suspect"/> at each failure while so many were in a row; null is never. It
    /// must be quick and must not throw.</summary>
    public void WatchFailures(int mostInARow, Action<DestinationState, FailureReason>? suspect)
    {
        Volatile.Write(ref _mostFailuresInARow, mostInARow);
        Volatile.Write(ref _suspect, suspect);
    }

    /// <summary>From now on keeps this seat up to date instead of any other.</summary>
    public void Take(Seat seat)
    {
        Interlocked.Exchange(ref _seat, seat);
        Refresh(seat);
    }

    /// <summary>Stops keeping this seat up to date; nothing happens when another one was taken since.</summary>
    public void Leave(Seat seat) => Interlocked.CompareExchange(ref _seat, null, seat);

    /// <summary>Brings a seat up to date, whether or not it is the one taken.</summary>
    /// <remarks>Whoever wrote an old value sees the newer load when reading again, and writes once more: so the last
    /// write of all threads together is always that of the newest load.</remarks>
    public void Refresh(Seat seat)
    {
        while (true)
        {
            var word = Volatile.Read(ref _load);
            seat.Write(new Load(word));
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _load) == word)
            {
                return;
            }
        }
    }

    private static bool IsFullAt(Load load, Limits limits) =>
        load.IsOverloaded || IsAtMaximumAt(load, limits) || (limits.Upper != 0 && load.Total >= limits.Upper);

    private static bool IsAtMaximumAt(Load load, Limits limits) => limits.Max != 0 && load.Total >= limits.Max;

    private static bool IsBelow(Load load, Limits limits) =>
        limits.Lower != 0 ? load.Total < limits.Lower : load.Total * 4 < (long)limits.Upper * 3;

    private static long Judged(Load load, Limits limits) => WithFull(
        limits.Upper == 0 || IsBelow(load, limits) ? load.Word & ~Load.OverloadedBit
        : load.Total >= limits.Upper ? load.Word | Load.OverloadedBit
        : load.Word,
        limits);

    private static long Raised(long word, Limits limits) => WithFull(
        limits.Upper != 0 && new Load(word).Total >= limits.Upper ? word | Load.OverloadedBit : word, limits);

    private static long Lowered(long word, Limits limits) => WithFull(
        (limits.Upper == 0 && limits.Lower == 0) || IsBelow(new Load(word), limits) ? word & ~Load.OverloadedBit : word,
        limits);

    private static long WithFull(long word, Limits limits) =>
        IsFullAt(new Load(word), limits) ? word | Load.FullBit : word & ~Load.FullBit;

    private bool TryRaise(long one, bool overThreshold)
    {
        var word = Volatile.Read(ref _load);
        while (true)
        {
            // The limits themselves are asked, not what an earlier change noted of them.
            var limits = Volatile.Read(ref _limits);
            var load = new Load(word);
            if (overThreshold ? IsAtMaximumAt(load, limits) : IsFullAt(load, limits))
            {
                return false;
            }

            var before = Interlocked.CompareExchange(ref _load, Raised(word + one, limits), word);
            if (before == word)
            {
                Interlocked.Increment(ref _flows);
                Settle(limits);
                return true;
            }

            word = before;
        }
    }

    private void Update(Func<Load, Limits, long> change)
    {
        var limits = Volatile.Read(ref _limits);
        var word = Volatile.Read(ref _load);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref _load, change(new Load(word), limits), word);
            if (before == word)
            {
                Settle(limits);
                return;
            }

            word = before;
        }
    }

    /// <summary>Ends a change that was made by these limits.</summary>
    private void Settle(Limits limits)
    {
        if (!ReferenceEquals(Volatile.Read(ref _limits), limits))
        {
            // The limits changed meanwhile, and whoever changed them may have judged the load before this change.
            Update(Judged);
        }
        else if (Volatile.Read(ref _seat) is { } seat)
        {
            Refresh(seat);
        }
    }
}
