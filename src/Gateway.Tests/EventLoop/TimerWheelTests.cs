using Gateway.EventLoop;

namespace Gateway.Tests.EventLoop;

public class TimerWheelTests
{
    private readonly TimerWheel _wheel = new((_, e) => throw e);
    private readonly List<string> _fired = [];

    [Fact]
    public void Advance_TimersDue_FireOnceNotEarlyAndLessThanATickLate()
    {
        foreach (var due in new[] { 1, 32, 33, 500, 8191, 8192, 8193, 20_000 })
        {
            _wheel.Schedule(new Recorder(this, $"{due}"), due);
        }

        var late = new List<long>();
        for (var now = 0; now <= 21_000; now++)
        {
            var before = _fired.Count;
            _wheel.Advance(now);
            late.AddRange(_fired.Skip(before).Select(due => now - long.Parse(due, null)));
        }

        Assert.Equal(["1", "32", "33", "500", "8191", "8192", "8193", "20000"], _fired.OrderBy(due => long.Parse(due, null)));
        Assert.All(late, ms => Assert.InRange(ms, 0, TimerWheel.TickMilliseconds - 1));
        Assert.Equal(0, _wheel.Count);
    }

    [Fact]
    public void QuietUntil_IsNeverAfterWhatIsDue_AndMovesOn()
    {
        var random = new Random(7);
        var timers = Enumerable.Range(0, 40).Select(i => new Recorder(this, $"{i}")).ToArray();
        var due = new Dictionary<Recorder, long>();
        var (now, looks) = (0L, 0);
        while (now < 1_000_000)
        {
            var timer = timers[random.Next(timers.Length)];
            if (random.Next(3) == 0)
            {
                _wheel.Cancel(timer);
                due.Remove(timer);
            }
            else
            {
                due[timer] = now + random.NextInt64(1, 40_000);
                _wheel.Schedule(timer, due[timer]);
            }

            Assert.True(due.Count == 0 || _wheel.QuietUntil < due.Values.Min() + TimerWheel.TickMilliseconds);

            // Asleep until something may be due, or something else happens.
            now = Math.Min(_wheel.QuietUntil, now + random.Next(1, 5_000));
            _wheel.Advance(now);
            looks++;
            foreach (var (fired, _) in due.Where(entry => entry.Value <= now - TimerWheel.TickMilliseconds).ToArray())
            {
                Assert.False(fired.IsScheduled);
                due.Remove(fired);
            }

            foreach (var (fired, at) in due.Where(entry => !entry.Key.IsScheduled).ToArray())
            {
                Assert.True(at <= now);
                due.Remove(fired);
            }
        }

        foreach (var timer in timers)
        {
            _wheel.Cancel(timer);
        }

        _wheel.Advance(_wheel.QuietUntil);
        Assert.Equal(long.MaxValue, _wheel.QuietUntil);
        Assert.InRange(looks, 1, 1_000_000 / TimerWheel.TickMilliseconds);
    }

    [Fact]
    public void Advance_AfterALongPause_FiresAllThatIsDue()
    {
        _wheel.Schedule(new Recorder(this, "a"), 100);
        _wheel.Schedule(new Recorder(this, "b"), 50_000);
        _wheel.Schedule(new Recorder(this, "c"), 200_000);

        _wheel.Advance(100_000);

        Assert.Equal(["a", "b"], _fired.Order());
        Assert.Equal(1, _wheel.Count);
    }

    [Fact]
    public void Advance_EmptyForLong_NextTimerIsNotEarly()
    {
        _wheel.Advance(1_000_000);
        _wheel.Schedule(new Recorder(this, "a"), 1_003_000);

        _wheel.Advance(1_002_999);
        Assert.Empty(_fired);
        _wheel.Advance(1_003_040);
        Assert.Equal(["a"], _fired);
    }

    [Fact]
    public void Cancel_AnyOfOneSlot_TheOthersFire()
    {
        var timers = Enumerable.Range(0, 4).Select(i => new Recorder(this, $"{i}")).ToArray();
        foreach (var timer in timers)
        {
            _wheel.Schedule(timer, 100);
        }

        _wheel.Cancel(timers[3]);
        _wheel.Cancel(timers[1]);
        _wheel.Cancel(timers[1]);
        _wheel.Advance(200);

        Assert.Equal(["0", "2"], _fired.Order());
    }

    [Fact]
    public void Schedule_Again_ReplacesTheOldTime()
    {
        var timer = new Recorder(this, "a");
        _wheel.Schedule(timer, 100);
        _wheel.Schedule(timer, 1000);

        _wheel.Advance(500);
        Assert.Empty(_fired);
        _wheel.Advance(1100);
        Assert.Equal(["a"], _fired);
    }

    [Fact]
    public void OnDue_SchedulesItselfAndCancelsANeighbour_IsHonoured()
    {
        var neighbour = new Recorder(this, "neighbour");
        _wheel.Schedule(new Recorder(this, "again", timer =>
        {
            _wheel.Cancel(neighbour);
            if (_fired.Count < 3)
            {
                _wheel.Schedule(timer, 100);
            }
        }), 100);
        _wheel.Schedule(neighbour, 100);

        _wheel.Advance(100 + TimerWheel.TickMilliseconds);
        _wheel.Advance(100 + (2 * TimerWheel.TickMilliseconds));
        _wheel.Advance(100 + (3 * TimerWheel.TickMilliseconds));
        _wheel.Advance(10_000);

        Assert.Equal(["again", "again", "again"], _fired);
    }

    [Fact]
    public void Advance_ManyOfOneSlotDueInDifferentTurns_LooksAtEachOnceATurn()
    {
        const int Turn = 256 * TimerWheel.TickMilliseconds;
        const int Turns = 8;
        const int Together = 50;

        // The newest, which are due last, are at the head.
        for (var turn = 1; turn <= Turns; turn++)
        {
            for (var i = 0; i < Together; i++)
            {
                _wheel.Schedule(new Recorder(this, $"{turn}"), turn * Turn);
            }
        }

        for (var turn = 1; turn <= Turns; turn++)
        {
            _wheel.Advance(turn * Turn);
            Assert.Equal(Together, _fired.Count(name => name == $"{turn}"));
            Assert.Equal((Turns - turn) * Together, _wheel.Count);
        }

        Assert.Equal(Together * Turns * (Turns + 1) / 2, _wheel.Looked);
    }

    [Fact]
    public void OnDue_CancelsAndSchedulesOthersDueInTheSameSlot_IsHonoured()
    {
        const int Turn = 256 * TimerWheel.TickMilliseconds;
        var later = new Recorder(this, "later");
        var others = Enumerable.Range(0, 3).Select(i => new Recorder(this, $"{i}")).ToArray();
        var first = new Recorder(this, "first", timer =>
        {
            _wheel.Cancel(others[1]);
            _wheel.Schedule(others[0], 100 + Turn);
            _wheel.Schedule(others[2], 100 + (2 * Turn));
            _wheel.Schedule(new Recorder(this, "new"), 100);
            _wheel.Cancel(timer);
            _wheel.Schedule(later, 100 + Turn);
        });
        _wheel.Schedule(first, 100);
        Array.ForEach(others, other => _wheel.Schedule(other, 100));
        _wheel.Schedule(later, 100 + (2 * Turn));

        _wheel.Advance(128);
        Assert.Equal(["first"], _fired);
        Assert.Equal(4, _wheel.Count);
        _wheel.Advance(160);
        Assert.Equal(["first", "new"], _fired);
        _wheel.Advance(128 + Turn);
        Assert.Equal(["first", "new", "0", "later"], _fired);
        _wheel.Advance(128 + (2 * Turn));
        Assert.Equal(["first", "new", "0", "later", "2"], _fired);
        Assert.Equal(0, _wheel.Count);
    }

    private sealed class Recorder(TimerWheelTests test, string name, Action<LoopTimer>? then = null) : LoopTimer
    {
        internal override void OnDue()
        {
            test._fired.Add(name);
            then?.Invoke(this);
        }
    }
}
