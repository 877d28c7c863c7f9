using Gateway.Clusters;

namespace Gateway.Tests.Probing;

/// <content>What goes wrong in Gateway itself, or takes too long.</content>
public sealed partial class ProbeServiceTests
{
    [Fact]
    public async Task Probe_Hangs_IsEndedByTheTimeoutAndTheNextIsOnTime()
    {
        _prober.Set(80, ".");
        await ApplyAsync(Web(Probe() with { Timeout = TimeSpan.FromSeconds(3) }, A()));
        await StartAsync();

        await AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(ProbeVerdict.Pending, Standing("a").Probe);
        await AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(ProbeVerdict.Down, Standing("a").Probe);
        Assert.Equal(TimeSpan.FromSeconds(3), _service.FindStatistics("web", "a")!.Last!.Duration);
        await AdvanceAsync(TimeSpan.FromSeconds(7.1));
        Assert.Equal(2, _prober.CountOf(80));
    }

    [Fact]
    public async Task Probe_LocalFailure_SaysNothingOfTheDestination()
    {
        _prober.Set(80, "+!!!!!--+");
        await ApplyAsync(Web(Probe() with { Fall = 2 }, A()));
        await StartAsync();

        await AdvanceAsync(_round * 5);
        Assert.True(Destination("a").IsUp);
        Assert.Equal(
            "Warning web: destination a (10.0.0.5:80) cannot be probed and keeps its standing: "
            + "LocalFailure (TooManyOpenSockets)",
            Assert.Single(Lines.Skip(1)));

        await AdvanceAsync(_round * 2);
        Assert.Contains(Lines, line => line.EndsWith("down: ConnectRefused, 2 in a row", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Probe_ProberThrows_IsLoggedAndProbingGoesOn()
    {
        _prober.Set(80, "*+");
        await ApplyAsync(Web(Probe(), A()));
        await StartAsync();

        await AdvanceAsync(_round);

        Assert.Contains("Error The prober of 10.0.0.5:80 failed itself, which is a bug", Lines);
        Assert.True(Destination("a").IsUp);
    }

    [Fact]
    public async Task Probe_SubscriberOfTheStoreThrows_IsLoggedAndProbingGoesOn()
    {
        _prober.Set(80, "+--+");
        await ApplyAsync(Web(Probe(), A()));
        await StartAsync();
        _store.Subscribe(snapshot =>
        {
            if (snapshot.Clusters[0].Destinations[0].IsUp)
            {
                throw new InvalidOperationException("A bug.");
            }
        });

        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(ProbeVerdict.Up, Standing("a").Probe);
        Assert.Contains("Error Somebody could not follow what probes have found; they go on", Lines);

        await AdvanceAsync(_round * 2);
        Assert.Equal(ProbeVerdict.Down, Standing("a").Probe);
        Assert.False(_service.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task Probe_ProcessStoodStill_SaysNothingOfTheDestination()
    {
        _prober.Set(80, "+.+");
        await ApplyAsync(Web(Probe() with { Fall = 1 }, A()));
        await StartAsync();
        await AdvanceAsync(_round);
        Assert.True(Destination("a").IsUp);

        // The clock jumps past the deadline of the probe that is under way, as after a pause of the machine.
        _time.Jump(TimeSpan.FromSeconds(60));
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        Assert.True(Destination("a").IsUp);
        Assert.Contains(Lines, line => line.Contains("this process stood still", StringComparison.Ordinal));
    }
}
