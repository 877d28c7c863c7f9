using Gateway.Clusters;

namespace Gateway.Tests.Scheduling;

/// <summary>The sequences drawn in docs/schedulers.md, over a list in the order of the configuration.</summary>
public class SequenceTests
{
    [Theory]
    [InlineData("rr", "A B C", "ABCABCA")]
    [InlineData("rr", "A3 B0 C1", "ACACAC")]
    [InlineData("wrr", "A4 B3 C2", "AABABCABCAABABCABC")]
    [InlineData("wrr", "A6 B4 C2", "AABABCAABABC")]
    [InlineData("wrr", "A5 B1 C1", "AAAAABC")]
    [InlineData("wrr", "A B", "ABABAB")]
    [InlineData("lc", "A5 B1 C1", "ABCABC")]
    [InlineData("wlc", "A3 B1", "ABAAABAA")]
    [InlineData("wlc", "A1 B3", "ABBBABBB")]
    [InlineData("sed", "A3 B1", "AAABAAAB")]
    [InlineData("sed", "A1 B3", "BBABBBAB")]
    [InlineData("nq", "A3 B1", "ABAAAAAB")]
    [InlineData("nq", "A1 B3", "ABBBBBAB")]
    [InlineData("fo", "A10 B20", "BBBBBB")]
    [InlineData("ovf", "A3 B2", "AAAABBB--")]
    [InlineData("LeastRequests", "A3 B1", "ABABAB")]
    [InlineData("FirstAlphabetical", "B A C", "AAAA")]
    public void Bind_FlowsThatNeverEnd_FollowTheDrawnSequence(string scheduler, string destinations, string expected)
    {
        var pool = new Pool(destinations, scheduler);

        Assert.Equal(expected, pool.Picks(expected.Length));
    }

    [Fact]
    public void Bind_NewestFirst_WalksFromTheOneAddedLast()
    {
        var pool = new Pool("A B C", new SchedulerOptions { Name = "rr", Order = DestinationOrder.NewestFirst });

        Assert.Equal("CBAC", pool.Picks(4));
    }

    [Fact]
    public void Bind_RoundRobinWhenTheMarkedOneIsRemoved_GoesOnWithItsSuccessor()
    {
        var pool = new Pool("A B C D", "rr");
        Assert.Equal("AB", pool.Picks(2));

        pool.Remove("B");

        Assert.Equal("CDAC", pool.Picks(4));
    }

    [Fact]
    public void Bind_RoundRobinWhenAProbeSpeaks_KeepsItsTurn()
    {
        var pool = new Pool("A B C", "rr");
        Assert.Equal("A", pool.Picks(1));

        pool.Probe("C", ProbeVerdict.Down);
        Assert.Equal("B", pool.Picks(1));
        pool.Probe("C", ProbeVerdict.Up);

        Assert.Equal("CA", pool.Picks(2));
    }

    // The level stays, the walk begins at the head: spec of ip_vs_wrr.c after an edit.
    [Fact]
    public void Bind_WeightedRoundRobinAfterAnEdit_KeepsItsLevel()
    {
        var pool = new Pool("A4 B3 C2", "wrr");
        Assert.Equal("AABA", pool.Picks(4));

        pool.Edit("A", a => a with { Weight = 2 });

        Assert.Equal("ABCABCBABCABC", pool.Picks(13));
    }

    [Fact]
    public void Bind_WeightedRoundRobinWhenOnlyAProbesReasonChanges_KeepsItsPlace()
    {
        var pool = new Pool("A B C D0", "wrr");
        Assert.Equal("AB", pool.Picks(2));

        pool.Probe("D", ProbeVerdict.Up);

        Assert.Equal("CAB", pool.Picks(3));
    }

    // Only the light one is ready, so every level between the weights is empty.
    [Fact]
    public void Bind_WeightedRoundRobinWithTheHeavyOneFull_GivesAllToTheLightOne()
    {
        var pool = new Pool("A65535 B1", "wrr");
        pool.Edit("A", a => a with { MaxConnections = 1 });

        Assert.Equal("ABBBB", pool.Picks(5));
        pool.State("A").Unbind();
        Assert.Contains('A', pool.Picks(2));
    }

    [Theory]
    [InlineData("10.0.0.1", "A")]
    [InlineData("10.0.0.2", "B")]
    public void Bind_SourceHashing_FollowsTheKernelsBuckets(string client, string expected)
    {
        var pool = new Pool("A2 B1", "sh");

        Assert.Equal(expected, pool.Picks([Pool.From(client)]));
    }

    [Theory]
    [InlineData("sh")]
    [InlineData("mh")]
    public void Bind_HashingUnderAMask_KeepsNetworksTogether(string scheduler)
    {
        var pool = new Pool("A B C", new SchedulerOptions { Name = scheduler, Mask4 = 24 });

        var homes = Enumerable.Range(0, 30)
            .Select(net => pool.ShortPicks([.. Enumerable.Range(1, 20).Select(host => Pool.From($"10.9.{net}.{host}"))])).ToArray();

        Assert.All(homes, picks => Assert.Single(picks.Distinct()));
        Assert.Equal(3, homes.Distinct().Count());
    }

    [Theory]
    [InlineData(false, "-")]
    [InlineData(true, "C")]
    public void Bind_SourceHashingAtAQuiescedOne_RefusesOrProbesFromTwiceTheHash(bool fallback, string expected)
    {
        var pool = new Pool("A B0 C", new SchedulerOptions { Name = "sh", Fallback = fallback });

        Assert.Equal(expected, pool.Picks([Pool.From("192.168.1.1")]));
    }

    [Fact]
    public void Bind_HashingWithOneDown_MovesOnlyItsOwnFlows()
    {
        var pool = new Pool("A B C D", "sh");
        var flows = Enumerable.Range(1, 200).Select(i => Pool.From($"10.9.{i / 100}.{i % 100}")).ToArray();
        var before = pool.ShortPicks(flows);

        pool.Probe("B", ProbeVerdict.Down);
        var during = pool.ShortPicks(flows);
        pool.Probe("B", ProbeVerdict.Up);

        Assert.DoesNotContain('B', during);
        Assert.All(before.Zip(during), pair => Assert.True(pair.First == 'B' || pair.First == pair.Second));
        Assert.Equal(before, pool.ShortPicks(flows));
    }

    [Theory]
    [InlineData("dh")]
    [InlineData("lblc")]
    [InlineData("lblcr")]
    public void KeySource_OfAContentScheduler_IsHostAndPathUnlessConfigured(string scheduler)
    {
        Assert.Equal("host+path", new Pool("A", scheduler).Scheduler.KeySource);
        Assert.Equal("uri", new Pool("A", new SchedulerOptions { Name = scheduler, Key = "uri" }).Scheduler.KeySource);
        Assert.Null(new Pool("A", new SchedulerOptions { Name = scheduler, Key = "client" }).Scheduler.KeySource);
    }
}
