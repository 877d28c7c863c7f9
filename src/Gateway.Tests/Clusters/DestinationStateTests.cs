using Gateway.Clusters;

namespace Gateway.Tests.Clusters;

public class DestinationStateTests
{
    [Fact]
    public void TryBind_AtMaxConnections_RefusesUntilOneEnds()
    {
        var state = new DestinationState("web", "a");
        state.SetLimits(maxConnections: 2, upperThreshold: 0, lowerThreshold: 0);

        Assert.True(state.TryBind());
        Assert.True(state.TryBind());
        Assert.False(state.TryBind());
        state.Unbind();
        Assert.True(state.TryBind());
    }

    // The kernel's hysteresis: upper 4 without a lower threshold clears below three quarters of 4.
    [Fact]
    public void Overload_UpperWithoutLower_ClearsBelowThreeQuarters()
    {
        var state = new DestinationState("web", "a");
        state.SetLimits(maxConnections: 0, upperThreshold: 4, lowerThreshold: 0);

        var seen = "";
        for (var i = 0; i < 4; i++)
        {
            state.Bind();
            seen += state.IsOverloaded ? '!' : '.';
        }

        for (var i = 0; i < 4; i++)
        {
            state.Unbind();
            seen += state.IsOverloaded ? '!' : '.';
        }

        Assert.Equal("...!!...", seen);
    }

    [Fact]
    public async Task TryBind_FromManyThreads_NeverExceedsTheLimit()
    {
        var state = new DestinationState("web", "a");
        state.SetLimits(maxConnections: 3, upperThreshold: 0, lowerThreshold: 0);
        var highest = 0;

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 50_000; i++)
            {
                if (state.TryBind())
                {
                    InterlockedMax(ref highest, state.Active);
                    state.Unbind();
                }
            }
        })));

        Assert.InRange(highest, 1, 3);
        Assert.Equal(0, state.Active);
    }

    [Fact]
    public void TryBind_OverThreshold_StillRespectsTheLimitOfConnections()
    {
        var state = new DestinationState("web", "a");
        state.SetLimits(maxConnections: 2, upperThreshold: 1, lowerThreshold: 0);

        Assert.True(state.TryBind());
        Assert.False(state.TryBind());
        Assert.True(state.TryBind(overThreshold: true));
        Assert.False(state.TryBind(overThreshold: true));
    }

    [Fact]
    public void SetLimits_BelowThePresentTotal_IsFullAtOnceAndFreeWhenRaised()
    {
        var state = new DestinationState("web", "a");
        state.Bind();
        state.Bind();

        state.SetLimits(maxConnections: 0, upperThreshold: 2, lowerThreshold: 0);
        Assert.True(state is { IsFull: true, IsOverloaded: true });
        state.SetLimits(maxConnections: 0, upperThreshold: 5, lowerThreshold: 0);
        Assert.False(state.IsFull);
        state.SetLimits(maxConnections: 2, upperThreshold: 0, lowerThreshold: 0);
        Assert.True(state is { IsFull: true, IsOverloaded: false });
    }

    // A seat holds the newest load, and one that was left none any more.
    [Fact]
    public void Take_Seat_IsKeptCurrentUntilLeft()
    {
        var state = new DestinationState("web", "a");
        var (first, second) = (new RecordingSeat(), new RecordingSeat());

        state.Take(first);
        state.Bind();
        state.Take(second);
        state.Leave(first);
        state.Deactivate();
        state.Leave(second);
        state.UnbindInactive();

        Assert.Equal("0/0 1/0", first.Seen);
        Assert.Equal("1/0 0/1", second.Seen);
    }

    private sealed class RecordingSeat : Seat
    {
        public string Seen { get; private set; } = "";

        public override void Write(Load load) => Seen = $"{Seen} {load.Active}/{load.Inactive}".Trim();
    }

    private static void InterlockedMax(ref int location, int value)
    {
        var seen = Volatile.Read(ref location);
        while (value > seen)
        {
            seen = Interlocked.CompareExchange(ref location, value, seen) is var before && before == seen ? value : before;
        }
    }
}
