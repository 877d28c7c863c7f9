using Gateway.Probing;

namespace Gateway.Tests.Probing;

public class ProbePaceTests
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(6);

    [Theory]
    [InlineData(1, 0.0, 1)]
    [InlineData(3, 1.0, 4)]
    [InlineData(1000, 0.5, 501)]
    [InlineData(100_000, 1.0, 6001)]
    public void First_Destinations_AMillisecondEachUpToTheInterval(int count, double draw, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), ProbePace.First(count, _interval, draw));

    [Theory]
    [InlineData(0, 0.0, 5400)]
    [InlineData(0, 0.5, 6000)]
    [InlineData(0, 1.0, 6600)]
    [InlineData(2000, 0.5, 4000)]
    [InlineData(7000, 0.5, 0)]
    public void Next_ProbeTookTime_StartsAreTheIntervalApart(int takenMilliseconds, double draw, int milliseconds) =>
        Assert.Equal(
            TimeSpan.FromMilliseconds(milliseconds),
            ProbePace.Next(_interval, TimeSpan.FromMilliseconds(takenMilliseconds), draw));

    // From 3 ms past a full 25 ms: a long wait ends at one, a short one when it is over.
    [Theory]
    [InlineData(1000, 997)]
    [InlineData(1022, 1022)]
    [InlineData(251, 247)]
    [InlineData(250, 250)]
    [InlineData(0, 0)]
    public void OnGrid_Wait_EndsWithOthers(int wait, int milliseconds) => Assert.Equal(
        TimeSpan.FromMilliseconds(milliseconds),
        ProbePace.OnGrid(TimeSpan.FromMilliseconds(wait), TimeSpan.FromMilliseconds(12_003)));
}
