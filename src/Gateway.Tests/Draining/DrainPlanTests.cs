using Gateway.Draining;

namespace Gateway.Tests.Draining;

public class DrainPlanTests
{
    private static readonly DateTimeOffset _start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Seconds since the start; a deadline of 40 s, known clients until 0 s or 20 s.
    [Theory]
    [InlineData(0, 0, 0.0, false, false)]
    [InlineData(0, 15, 0.5, false, false)]
    [InlineData(0, 30, 1.0, true, false)]
    [InlineData(0, 40, 1.0, true, true)]
    [InlineData(20, 19, 0.0, false, false)]
    [InlineData(20, 27.5, 0.5, false, false)]
    [InlineData(20, 35, 1.0, true, false)]
    public void Plan_WithDeadline_ClosesEvenlyThenHalfClosesThenCuts(
        int sticky, double at, double share, bool halfCloses, bool isOver)
    {
        var plan = DrainPlan.Of(Job(sticky, deadline: 40));
        var now = _start.AddSeconds(at);

        Assert.Equal((share, halfCloses, isOver), (plan.ShareToClose(now), plan.HalfCloses(now), plan.IsOver(now)));
    }

    [Fact]
    public void Plan_WithoutDeadline_LetsEverythingRunOut()
    {
        var plan = DrainPlan.Of(Job(0, deadline: null));
        var now = _start.AddYears(1);

        Assert.Equal((0, false, false), (plan.ShareToClose(now), plan.HalfCloses(now), plan.IsOver(now)));
    }

    [Fact]
    public void Plan_Shutdown_TellsWebSocketsWithinSecondsHoweverLateTheDeadline()
    {
        var plan = DrainPlan.Of(Job(0, deadline: 3600) with { IsShutdown = true });

        Assert.Equal(1, plan.ShareToClose(_start.AddSeconds(3)));
        Assert.False(plan.HalfCloses(_start.AddSeconds(3)));
    }

    private static DrainJob Job(int sticky, int? deadline) => new("d1", "web", "a", "anna", "", _start)
    {
        StickyUntil = sticky == 0 ? null : _start.AddSeconds(sticky),
        Deadline = deadline is null ? null : _start.AddSeconds(deadline.Value),
    };
}
