using System.Net;
using Gateway.Kernel.Services;

namespace Gateway.Tests.Kernel;

public class KernelPlanTests
{
    private const string OnTwoSegments = "a=10.77.0.11:80 b=10.78.0.12:80";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_WayToOneDestinationIsLost_ItGetsNothingNewAndTheFlowsOfAllStay(bool isByRouter)
    {
        var situation = new Situation().With("web", "10.77.0.100:80", "rr", OnTwoSegments);
        var before = Assert.Single(situation.Plan().Services);
        var topology = situation.Topology;

        situation.Topology = Cut(topology, isByRouter);
        var plan = situation.Plan();

        var (path, service) = (Assert.Single(plan.Paths), Assert.Single(plan.Services));
        Assert.True(path.IsInKernel);
        Assert.Contains("destination b, 10.78.0.12", path.Reason, StringComparison.Ordinal);
        Assert.Equal(before.Targets.Select(target => target.Elements), service.Targets.Select(target => target.Elements));
        Assert.All(service.Targets, target => Assert.True(target.IsAlive));
        Assert.Equal([before.Targets[0].Id], service.Slots.Distinct());

        situation.Topology = topology;
        plan = situation.Plan();

        Assert.Equal("", Assert.Single(plan.Paths).Reason);
        Assert.Equal(before.Slots, Assert.Single(plan.Services).Slots);
    }

    [Theory]
    [InlineData(false, "there is no way to destination b")]
    [InlineData(true, "is behind a router")]
    public void Of_NoWayToADestinationThatIsNew_IsRelayed(bool isByRouter, string why)
    {
        var situation = new Situation();
        situation.Topology = Cut(situation.Topology, isByRouter);

        var path = Assert.Single(situation.With("web", "10.77.0.100:80", "rr", OnTwoSegments).Plan().Paths);

        Assert.False(path.IsInKernel);
        Assert.Contains(why, path.Reason, StringComparison.Ordinal);
    }

    /// <summary>The second segment is reached by the router of the first, or not at all.</summary>
    private static Topology Cut(Topology topology, bool isByRouter) => topology with
    {
        Ways = topology.Ways.ToDictionary(pair => pair.Key, pair => pair.Key.Equals(IPAddress.Parse("10.78.0.12"))
            ? new Way(isByRouter ? topology.Devices["eth0"] : null, false) : pair.Value),
    };
}
