namespace Gateway.EventLoop;

/// <summary>Timers that are mostly cancelled: setting and cancelling one costs a few writes, however many there are.
/// Belongs to one loop; not thread-safe.</summary>
/// <remarks>
/// A hashed wheel (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", scheme 6): time is cut into ticks, and a
/// timer is linked into slot <c>due tick mod slots</c>. Each tick looks at one slot and fires those of its timers whose
/// tick it is; the others are due in a later turn of the wheel. A timer fires up to one tick late and never early. One
/// that throws is reported, and the others fire all the same. Of those of one slot the oldest fires first. A turn of
/// the wheel looks at each timer once at most, however many share a slot, as those of clients that come at once do.
/// </remarks>
internal sealed class TimerWheel(Action<LoopTimer, Exception> fault)
{
    /// <summary>Milliseconds in a tick: timeouts here are hundreds of milliseconds and more.</summary>
    public const int TickMilliseconds = 32;

    private const int Slots = 256;

    // The tick of those that have left their slot and are about to fire; Schedule gives later ones.
    private const long Now = 0;

    private readonly LoopTimer?[] _slots = new LoopTimer?[Slots];
    private LoopTimer? _due;
    private long _tick;

    // When a slot with timers is looked at next, or earlier: some may have been cancelled since.
    private long _nextTick = long.MaxValue;

    /// <summary>Until when nothing is due, in the milliseconds of <see cref="Advance"/>.</summary>
    public long QuietUntil => _nextTick == long.MaxValue ? long.MaxValue : _nextTick * TickMilliseconds;

    public int Count { get; private set; }

    /// <summary>How many timers it has looked at to find those that are due.</summary>
    public long Looked { get; private set; }

    /// <summary>Makes <paramref name="timer"/> due at a time, in the milliseconds of <see cref="Advance"/>; replaces what
    /// it was set to.</summary>
    public void Schedule(LoopTimer timer, long dueMilliseconds)
    {
        Cancel(timer);
        timer.DueTick = Math.Max(_tick + 1, (dueMilliseconds + TickMilliseconds - 1) / TickMilliseconds);
        timer.IsScheduled = true;
        Push(timer, ref _slots[timer.DueTick % Slots]);
        Count++;
        _nextTick = Math.Min(_nextTick, _tick + 1 + ((timer.DueTick - _tick - 1) % Slots));
    }

    public void Cancel(LoopTimer timer)
    {
        if (!timer.IsScheduled)
        {
            return;
        }

        Unlink(timer);
        timer.IsScheduled = false;
        Count--;
    }

    /// <summary>Fires what is due by now, in milliseconds since any fixed moment.</summary>
    public void Advance(long nowMilliseconds)
    {
        var now = nowMilliseconds / TickMilliseconds;
        if (now < _nextTick)
        {
            _tick = Math.Max(_tick, now);
            return;
        }

        // After a long pause every slot is looked at once, not once per tick missed.
        var from = Math.Max(_nextTick, now - Slots + 1);
        _tick = Math.Max(_tick, now);
        _nextTick = long.MaxValue;
        for (var tick = from; tick <= now; tick++)
        {
            FireSlot(tick % Slots);
        }

        _nextTick = Math.Min(_nextTick, NextWithTimers());
    }

    private long NextWithTimers()
    {
        for (var tick = _tick + 1; Count > 0 && tick <= _tick + Slots; tick++)
        {
            if (_slots[tick % Slots] is not null)
            {
                return tick;
            }
        }

        return long.MaxValue;
    }

    private void FireSlot(long slot)
    {
        // Out of the slot first: what OnDue does may change its list anywhere, and this one too.
        for (var timer = _slots[slot]; timer is not null;)
        {
            Looked++;
            var next = timer.Next;
            if (timer.DueTick <= _tick)
            {
                Unlink(timer);
                timer.DueTick = Now;
                Push(timer, ref _due);
            }

            timer = next;
        }

        while (_due is { } due)
        {
            Cancel(due);
            Fire(due);
        }
    }

    private void Unlink(LoopTimer timer)
    {
        if (timer.Previous is not null)
        {
            timer.Previous.Next = timer.Next;
        }
        else if (timer.DueTick == Now)
        {
            _due = timer.Next;
        }
        else
        {
            _slots[timer.DueTick % Slots] = timer.Next;
        }

        if (timer.Next is not null)
        {
            timer.Next.Previous = timer.Previous;
        }

        timer.Next = timer.Previous = null;
    }

    private static void Push(LoopTimer timer, ref LoopTimer? head)
    {
        timer.Next = head;
        if (head is not null)
        {
            head.Previous = timer;
        }

        head = timer;
    }

    private void Fire(LoopTimer timer)
    {
        try
        {
            timer.OnDue();
        }
        catch (Exception e)
        {
            fault(timer, e);
        }
    }
}
