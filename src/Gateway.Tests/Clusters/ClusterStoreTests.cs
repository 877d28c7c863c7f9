using Gateway.Clusters;
using Gateway.Tests.Support;

namespace Gateway.Tests.Clusters;

public class ClusterStoreTests
{
    private readonly FakeTime _time = new();
    private readonly ClusterStore _store;

    public ClusterStoreTests() => _store = new ClusterStore(_time);

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
    public void Expiry_SubscriberThatThrows_IsLoggedAndTheNextWordEndsAsWell()
    {
        var log = new RecordingLogger<ClusterStore>();
        var store = new ClusterStore(_time, log);
        store.Apply(
            [new ClusterOptions { Id = "web", Destinations = [new DestinationOptions { Id = "a", Address = new Uri("http://127.0.0.1:80") }] }], []);
        var failures = 0;
        AdminWord For(int minutes) => new(AdminOrder.Maintenance, "ann", "kernel", _time.GetUtcNow()) { Until = _time.GetUtcNow().AddMinutes(minutes) };
        store.SetAdmin("web", "a", For(1));
        var isThrowing = true;
        store.Subscribe(snapshot => _ = isThrowing && snapshot.Revision > 2 ? throw new InvalidOperationException($"{failures++}") : 0);

        _time.Advance(TimeSpan.FromMinutes(2));
        isThrowing = false;
        store.SetAdmin("web", "a", For(1));
        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(1, failures);
        Assert.Equal(["Error Somebody could not follow the end of an order; it goes on"], log.Lines);
        Assert.Null(store.Current.FindCluster("web")!.Find("a")!.Standing.At(_time.GetUtcNow()).Admin);
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

    [Fact]
    public void SetAdmin_WithAnEnd_IsTakenBackExactlyThen()
    {
        Apply(null, "a");
        var until = _time.GetUtcNow().AddDays(60);

        Assert.True(_store.SetAdmin("web", "a", new AdminWord(AdminOrder.Maintenance, "anna", "", _time.GetUtcNow()) { Until = until }));
        _time.Advance(TimeSpan.FromDays(60) - TimeSpan.FromTicks(1));
        Assert.Equal(Availability.Out, Find("a")!.Judgement.Availability);
        _time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(Availability.InService, Find("a")!.Judgement.Availability);
        Assert.Null(Find("a")!.Standing.Admin);
    }

    [Fact]
    public void SetAdmin_DrainWithStickyUntil_StopsWelcomingKnownClientsExactlyThen()
    {
        Apply(null, "a");

        _store.SetAdmin("web", "a", new AdminWord(AdminOrder.Drain, "anna", "", _time.GetUtcNow())
        {
            StickyUntil = _time.GetUtcNow().AddMinutes(5),
        });
        Assert.True(Find("a")!.IsWelcoming);
        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.False(Find("a")!.IsWelcoming);
        Assert.Equal(Availability.Draining, Find("a")!.Judgement.Availability);
    }

    [Fact]
    public void SetAdmin_OfManyAtOnce_IsOneSnapshot()
    {
        Apply(null, "a", "b", "c");
        var revision = _store.Current.Revision;

        var count = _store.SetAdmin(d => d.Id != "b", _ => new AdminWord(AdminOrder.Drain, "anna", "", _time.GetUtcNow()));

        Assert.Equal(2, count);
        Assert.Equal(revision + 1, _store.Current.Revision);
    }

    [Fact]
    public void SetAdmin_OfNobody_IsFalse() =>
        Assert.False(_store.SetAdmin("web", "a", new AdminWord(AdminOrder.Up, "anna", "", _time.GetUtcNow())));

    [Fact]
    public void SetAgent_LimitOfConnections_HoldsWhileItIsLowerThanTheConfiguredOne()
    {
        Apply(null, "a");

        _store.SetAgent(Find("a")!, new AgentWord(AgentOrder.Up, "", _time.GetUtcNow()) { MaxConnections = 1 });
        Assert.True(Find("a")!.State.TryBind());
        Assert.False(Find("a")!.State.TryBind());
        _store.SetAgent(Find("a")!, null);

        Assert.True(Find("a")!.State.TryBind());
    }

    [Fact]
    public void Recall_LongAfter_OneThatWasUpIsProbedFirstAndOneThatWasDownIsDown()
    {
        Apply(new ProbeOptions(), "a", "b");
        _store.SetProbe(Find("a")!, ProbeVerdict.Up, "Passed");
        _store.SetProbe(Find("b")!, ProbeVerdict.Down, "TimedOut");
        var saved = _store.Remember();
        _time.Advance(TimeSpan.FromMinutes(2));

        var after = new ClusterStore(_time);
        after.Recall(saved);
        after.Apply([_store.Current.Clusters[0].Options], []);

        Assert.Equal(
            [ProbeVerdict.Pending, ProbeVerdict.Down],
            after.Current.Clusters[0].Destinations.Select(d => d.Standing.Probe));
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
