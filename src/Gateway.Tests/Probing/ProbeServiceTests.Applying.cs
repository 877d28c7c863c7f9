using Gateway.Clusters;
using Gateway.Probing;
using Gateway.Tests.Support;

namespace Gateway.Tests.Probing;

/// <content>What becomes of probes when the configuration changes.</content>
public sealed partial class ProbeServiceTests
{
    [Fact]
    public async Task Apply_WeightChanges_LoopGoesOn()
    {
        await ApplyAsync(Web(Probe(), A(), B()));
        await StartAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        await ApplyAsync(Web(Probe(), A() with { Weight = 5, MaxConnections = 10 }, B()));
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(2, _prober.Probes.Count);
        Assert.Equal(1, _probersMade);
        Assert.True(Destination("a").IsUp);
    }

    [Theory]
    [InlineData("address")]
    [InlineData("probe address")]
    [InlineData("host")]
    [InlineData("options")]
    public async Task Apply_WhatIsProbedChanges_IsProbedAnewAtOnce(string change)
    {
        await ApplyAsync(Web(Probe(), A(), B()));
        await StartAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        _prober.Set(80, "-");

        await ApplyAsync(change switch
        {
            "address" => Web(Probe(), A() with { Address = new Uri("http://10.0.0.55:80") }, B()),
            "probe address" => Web(Probe(), A() with { ProbeAddress = new Uri("http://10.0.0.56:80") }, B()),
            "host" => Web(Probe(), A() with { Host = "web.example" }, B()),
            _ => Web(Probe() with { Expect = "HTTP" }, A(), B()),
        });

        await AdvanceUntilAsync(() => Standing("a").Probe == ProbeVerdict.Down);
        Assert.Equal(2, _prober.CountOf(80));
    }

    [Fact]
    public async Task Apply_ProbeUnderWayAndChanged_NeverTwoAtATime()
    {
        var lingering = new TaskCompletionSource();
        _prober.Lingering = lingering.Task;
        _prober.Set(80, ".+");
        await ApplyAsync(Web(Probe(), A()));
        await StartAsync();
        await AdvanceAsync(TimeSpan.FromMilliseconds(2));

        await ApplyAsync(Web(Probe() with { Expect = "HTTP" }, A()));
        await AdvanceAsync(_round);
        Assert.Equal(1, _prober.CountOf(80));

        lingering.SetResult();
        await AdvanceUntilAsync(() => Standing("a").Probe == ProbeVerdict.Up);
        Assert.False(_prober.Overlapped);
    }

    [Fact]
    public async Task Apply_DestinationGoesAndComesBack_NumbersGoOn()
    {
        await ApplyAsync(Web(Probe(), A(), B()));
        await StartAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        await ApplyAsync(Web(Probe(), B()));
        await AdvanceAsync(_round * 3);
        Assert.Equal(1, _prober.CountOf(80));

        await ApplyAsync(Web(Probe(), A(), B()));
        await AdvanceUntilAsync(() => _service.FindStatistics("web", "a")!.Ended(ProbeOutcome.Passed) == 2);
    }

    [Fact]
    public async Task Apply_ProbeIsTakenAway_DestinationIsUp()
    {
        _prober.Set(80, "-");
        await ApplyAsync(Web(Probe(), A()));
        await StartAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        var probed = Destination("a");

        await ApplyAsync(Web(null, A()));
        _store.SetProbe(probed, ProbeVerdict.Down, "TimedOut");

        Assert.True(Destination("a").IsUp);
    }

    // Three deployments, each with ids of its own: the first is not remembered for ever.
    [Fact]
    public async Task Apply_DestinationsThatNeverComeBack_AreForgotten()
    {
        const int many = (ClusterStore.MostAbsentStates / 2) + 1;
        Task DeployAsync(string name) => ApplyAsync(Web(Probe(), [.. Enumerable.Range(0, many)
            .Select(i => new DestinationOptions { Id = $"{name}{i}", Address = new Uri("tcp://10.0.0.5:80") })]));
        await DeployAsync("x");
        await StartAsync();
        await AdvanceAsync(_round);

        await DeployAsync("y");
        Assert.NotNull(_service.FindStatistics("web", "x0"));
        await DeployAsync("z");

        Assert.Null(_service.FindStatistics("web", "x0"));
        await AdvanceAsync(_round);
        Assert.NotNull(_service.FindStatistics("web", "z0"));
    }

    [Fact]
    public async Task Apply_TwoClustersShareADestination_ItIsProbedOnce()
    {
        await Task.Run(() => _store.Apply([Web(Probe(), A()), Web(Probe(), A()) with { Id = "shop" }], []));
        await StartAsync();

        await AdvanceAsync(_round * 2);
        _prober.Set(80, "-");
        await AdvanceAsync(_round * 2);

        Assert.InRange(_prober.CountOf(80), 4, 5);
        Assert.All(_store.Current.Clusters, cluster => Assert.Equal(ProbeVerdict.Down, cluster.Destinations[0].Standing.Probe));
        Assert.Equal(_prober.CountOf(80), _service.FindStatistics("shop", "a")!.Ended(ProbeOutcome.Passed) + _service.FindStatistics("shop", "a")!.Ended(ProbeOutcome.ConnectRefused));
    }

    [Fact]
    public async Task Apply_ClusterJoinsAProbe_KnowsAtOnceWhatIsKnown()
    {
        await ApplyAsync(Web(Probe(), A()));
        await StartAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        await Task.Run(() => _store.Apply([Web(Probe(), A()), Web(Probe(), A()) with { Id = "shop" }], []));

        await Eventually.TrueAsync(
            () => _store.Current.FindCluster("shop")!.Find("a")!.Standing.Probe == ProbeVerdict.Up, "the other cluster's finding");
        Assert.Equal(1, _prober.CountOf(80));
        Assert.Equal(1, _probersMade);
    }
}
