using Gateway.Clusters;

namespace Gateway.Tests.Clusters;

public class RampTests
{
    private static readonly DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan _duration = TimeSpan.FromSeconds(100);

    [Theory]
    [InlineData(0, 0, 0.05)]
    [InlineData(0, 2, 0.05)]
    [InlineData(0, 50, 0.5)]
    [InlineData(0, 100, 1)]
    [InlineData(0, 1000, 1)]
    [InlineData(0.4, 0, 0.4)]
    [InlineData(0.4, 60, 1)]
    public void At_Time_GrowsEvenlyFromItsBeginningAndIsNeverNothing(double from, int seconds, double part) =>
        Assert.Equal(part, new Ramp(_now, from, _duration).At(_now.AddSeconds(seconds)), 9);

    // Weight before and after, the ramp's seconds so far (or none), and where it goes on from: nothing is no ramp.
    [Theory]
    [InlineData(0, 3, null, 0.0)]
    [InlineData(3, 3, null, null)]
    [InlineData(3, 0, null, null)]
    [InlineData(1, 4, null, 0.25)]
    [InlineData(4, 1, null, null)]
    [InlineData(4, 1, 10, 0.4)]
    [InlineData(4, 1, 50, null)]
    [InlineData(2, 4, 50, 0.25)]
    [InlineData(3, 3, 50, 0.5)]
    [InlineData(3, 3, 100, null)]
    public void Next_Change_GoesOnWithTheFlowItHad(double before, double after, int? seconds, double? part)
    {
        var ramp = seconds is { } gone ? new Ramp(_now.AddSeconds(-gone), 0, _duration) : (Ramp?)null;

        var next = Ramp.Next(ramp, before, after, _duration, _now);

        Assert.Equal(part is null ? null : Math.Max(part.Value, Ramp.Least), next?.At(_now));
    }

    [Fact]
    public void Next_NoSlowStart_IsNone() => Assert.Null(Ramp.Next(null, 0, 3, TimeSpan.Zero, _now));
}
