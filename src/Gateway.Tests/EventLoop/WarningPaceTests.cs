using Gateway.EventLoop;
using Gateway.Tests.Support;

namespace Gateway.Tests.EventLoop;

public class WarningPaceTests
{
    [Fact]
    public void TryTake_SomethingLasts_IsSaidOnceAMinute()
    {
        var time = new FakeTime();
        var pace = new WarningPace(time);

        Assert.True(pace.TryTake());
        Assert.False(pace.TryTake());
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(pace.TryTake());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(pace.TryTake());
        Assert.False(pace.TryTake());
    }
}
