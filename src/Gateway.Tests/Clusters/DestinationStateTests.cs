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

    private static void InterlockedMax(ref int location, int value)
    {
        var seen = Volatile.Read(ref location);
        while (value > seen)
        {
            seen = Interlocked.CompareExchange(ref location, value, seen) is var before && before == seen ? value : before;
        }
    }
}
