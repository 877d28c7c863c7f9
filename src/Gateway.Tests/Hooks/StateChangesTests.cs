using Gateway.Clusters;
using Gateway.Hooks;
using Gateway.Tests.Support;

namespace Gateway.Tests.Hooks;

public class StateChangesTests
{
    private readonly FakeTime _time = new();
    private readonly ClusterStore _store;
    private readonly List<string> _changes = [];
    private Snapshot _seen = Snapshot.Empty;

    public StateChangesTests()
    {
        _store = new ClusterStore(_time);
        _store.Subscribe(snapshot =>
        {
            _changes.AddRange(StateChanges.Between(_seen, snapshot, _time.GetUtcNow()).Select(Text));
            _seen = snapshot;
        });
    }

    [Fact]
    public void Between_FirstConfiguration_NothingChanges()
    {
        Apply(null, A(), B());

        Assert.Empty(_changes);
    }

    [Fact]
    public void Between_ProbesEnd_EveryDestinationIsTold()
    {
        Apply(new ProbeOptions(), A(), B());

        Probe("a", ProbeVerdict.Down, "ConnectRefused");
        Probe("b", ProbeVerdict.Up, "Passed");
        Probe("a", ProbeVerdict.Up, "Passed");
        Probe("b", ProbeVerdict.Down, "TimedOut");
        Probe("a", ProbeVerdict.Down, "Closed (reset)");

        Assert.Equal(
            [
                "out web/a (10.0.0.1:80) out>out 'probe down: ConnectRefused' 0/2",
                "up web/b (10.0.0.2:80) out>inservice '' 1/2",
                "regained web 1/2",
                "up web/a (10.0.0.1:80) out>inservice '' 2/2",
                "out web/b (10.0.0.2:80) inservice>out 'probe down: TimedOut' 1/2",
                "out web/a (10.0.0.1:80) inservice>out 'probe down: Closed (reset)' 0/2",
                "lost web 0/2",
            ],
            _changes);
    }

    [Fact]
    public void Between_PersonsWord_IsTheReasonBeforeAllOthers()
    {
        Apply(new ProbeOptions(), A());
        Probe("a", ProbeVerdict.Up, "Passed");
        _changes.Clear();

        Admin(AdminOrder.Drain);
        Admin(AdminOrder.Maintenance);
        Probe("a", ProbeVerdict.Down, "TimedOut");
        Admin(null);

        Assert.Equal(
            [
                "draining web/a (10.0.0.1:80) inservice>draining 'drain by ann: kernel' 0/1",
                "lost web 0/1",
                "out web/a (10.0.0.1:80) draining>out 'maintenance by ann: kernel' 0/1",
            ],
            _changes);
    }

    [Fact]
    public void Between_ConfigurationChanges_OnlyWhatStaysCanChange()
    {
        Apply(null, A(), B());
        Apply(null, A() with { Weight = 0 }, new DestinationOptions { Id = "c", Address = new Uri("http://10.0.0.3:80") });

        Assert.Equal(["draining web/a (10.0.0.1:80) inservice>draining 'weight 0' 1/2"], _changes);
    }

    private static DestinationOptions A() => new() { Id = "a", Address = new Uri("http://10.0.0.1:80") };

    private static DestinationOptions B() => new() { Id = "b", Address = new Uri("http://10.0.0.2:80") };

    private static string Text(StateChange change) => change.Destination is null
        ? $"{change.Word} {change.Cluster} {change.InService}/{change.Total}"
        : $"{change.Word} {change.Cluster}/{change.Destination.Id} ({change.Address}) {change.Before}>{change.Destination.Judgement.Availability}".ToLowerInvariant()
            + $" '{change.Reason}' {change.InService}/{change.Total}";

    private void Apply(ProbeOptions? probe, params DestinationOptions[] destinations) =>
        _store.Apply([new ClusterOptions { Id = "web", Destinations = destinations, Probe = probe }], []);

    private void Probe(string id, ProbeVerdict verdict, string reason) =>
        _store.SetProbe(_store.Current.FindCluster("web")!.Find(id)!, verdict, reason);

    private void Admin(AdminOrder? order) => _store.SetAdmin(
        "web", "a", order is { } some ? new AdminWord(some, "ann", "kernel", _time.GetUtcNow()) : null);
}
