using Gateway.Clusters;
using Gateway.Tests.Support;

namespace Gateway.Tests.Clusters;

public class ClusterStoreTests
{
    private readonly ClusterStore _store = new(new FakeTime());

    [Fact]
    public void Apply_SubscriberThatThrows_KeepsNobodyElseFromTheSnapshot()
    {
        var seen = 0L;
        _store.Subscribe(snapshot => _ = snapshot.Revision == 0 ? 0 : throw new InvalidOperationException("No room."));
        _store.Subscribe(snapshot => seen = snapshot.Revision);

        var failure = Assert.Throws<AggregateException>(() => Apply(new ProbeOptions(), "a"));

        Assert.Equal("No room.", Assert.Single(failure.InnerExceptions).Message);
        Assert.Equal(1, seen);
    }

    [Fact]
    public void SetProbe_FindingOfAnotherProbe_IsIgnored()
    {
        Apply(new ProbeOptions { Port = 80 }, "a");
        var probed = Find("a")!;
        Apply(new ProbeOptions { Port = 81 }, "a");

        _store.SetProbe(probed, ProbeVerdict.Down, "TimedOut");
        Assert.Equal(ProbeVerdict.Pending, Find("a")!.Standing.Probe);

        _store.SetProbe(Find("a")!, ProbeVerdict.Down, "TimedOut");
        Assert.Equal(ProbeVerdict.Down, Find("a")!.Standing.Probe);
    }

    [Fact]
    public void SetProbe_ProbeThatIsWrittenAnewAndSaysTheSame_IsHeard()
    {
        Apply(new ProbeOptions { Port = 80 }, "a");
        var probed = Find("a")!;
        Apply(new ProbeOptions { Port = 80 }, "a", "b");

        _store.SetProbe(probed, ProbeVerdict.Up, "Passed");

        Assert.Equal(ProbeVerdict.Up, Find("a")!.Standing.Probe);
    }

    [Fact]
    public void Apply_FewDestinationsGone_KeepTheirCounters()
    {
        Apply(null, "a", "b");
        var state = Find("b")!.State;
        Apply(null, "a");

        Apply(null, "a", "b");

        Assert.Same(state, Find("b")!.State);
    }

    [Fact]
    public void Apply_TooManyDestinationsGone_KeepsTheCountersOfThoseWithFlows()
    {
        var many = Enumerable.Range(0, ClusterStore.MostAbsentStates + 2).Select(i => $"d{i}").ToArray();
        Apply(null, many);
        var (used, idle, stays) = (Find("d1")!.State, Find("d2")!.State, Find("d0")!.State);
        used.Bind();

        Apply(null, "d0");
        Apply(null, many[..3]);

        Assert.Same(stays, Find("d0")!.State);
        Assert.Same(used, Find("d1")!.State);
        Assert.NotSame(idle, Find("d2")!.State);
    }

    private Destination? Find(string id) => _store.Current.FindCluster("web")!.Find(id);

    private void Apply(ProbeOptions? probe, params string[] destinations) => _store.Apply(
        [
            new ClusterOptions
            {
                Id = "web",
                Probe = probe,
                Destinations = [.. destinations.Select(id =>
                    new DestinationOptions { Id = id, Address = new Uri("http://127.0.0.1:80") })],
            },
        ],
        []);
}
