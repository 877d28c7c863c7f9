using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Tests.Scheduling;

public class SchedulersTests
{
    public static TheoryData<string> All => [.. Schedulers.Names];

    [Theory]
    [InlineData("RoundRobin", "rr")]
    [InlineData("WEIGHTEDLEASTCONNECTION", "wlc")]
    [InlineData("Maglev", "mh")]
    [InlineData("powerOfTwoChoices", "PowerOfTwoChoices")]
    [InlineData("fastest", null)]
    public void Canonical_AnyCaseOrLength_IsTheShortName(string name, string? expected) =>
        Assert.Equal(expected, Schedulers.Canonical(name));

    [Fact]
    public void Names_Are_TheFourteenOfLvsAndYarpsOwn() => Assert.Equal(
        "rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh twos FirstAlphabetical Random PowerOfTwoChoices LeastRequests",
        string.Join(' ', Schedulers.Names));

    [Theory]
    [MemberData(nameof(All))]
    public void Bind_NoDestinations_IsNone(string scheduler) => Assert.Equal("--", new Pool("", scheduler).Picks(2));

    [Theory]
    [MemberData(nameof(All))]
    public void Bind_AllButOneUnready_IsThatOne(string scheduler)
    {
        var pool = new Pool("A5 B0 C5 D9", scheduler);
        pool.Probe("A", ProbeVerdict.Down);
        pool.Edit("D", d => d with { MaxConnections = 1 });
        Assert.True(pool.State("D").TryBind());

        Assert.Equal("CCCC", pool.ShortPicks(4));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Bind_WithExclusions_NeverAnswersWithOneOfThem(string scheduler)
    {
        var pool = new Pool("A B2 C3 D4", scheduler);
        var exclusions = new Exclusions();
        exclusions.Add(pool.Find("D"));
        exclusions.Add(pool.Find("B"));

        for (var i = 0; i < 40; i++)
        {
            var destination = pool.Scheduler.Bind(Pool.From($"10.0.0.{i}"), exclusions);

            Assert.Contains(destination!.Id, "AC");
            destination.State.Unbind();
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Bind_WithEveryoneExcluded_IsNone(string scheduler)
    {
        var pool = new Pool("A B2", scheduler);
        var exclusions = new Exclusions();
        exclusions.Add(pool.Find("A"));
        exclusions.Add(pool.Find("B"));

        Assert.Null(pool.Scheduler.Bind(Pool.From("10.0.0.1"), exclusions));
        Assert.NotNull(pool.Scheduler.Bind(Pool.From("10.0.0.1")));
    }
}
