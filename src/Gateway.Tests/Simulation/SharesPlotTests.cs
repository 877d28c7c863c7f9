using Gateway.Simulation;

namespace Gateway.Tests.Simulation;

public class SharesPlotTests
{
    [Fact]
    public void Draw_AllSchedulers_IsThePictureInTheDocuments() =>
        Repository.AssertFile("docs/schedulers-joining.svg", SharesPlot.Draw());

    [Theory]
    [InlineData("rr", 0.25)]
    [InlineData("wrr", 0.25)]
    [InlineData("fo", 0)]
    public void Of_AfterTheFourthJoined_HasItsShare(string scheduler, double share) =>
        Assert.Equal(share, JoiningShares.Of(scheduler).Skip(40).Average(window => window[3]), tolerance: 0.01);
}
