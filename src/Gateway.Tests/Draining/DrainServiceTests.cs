using Gateway.Clusters;
using Gateway.Draining;
using Gateway.Tests.Support;

namespace Gateway.Tests.Draining;

public sealed partial class DrainServiceTests : IDisposable
{
    private readonly FakeTime _time = new();
    private readonly FakeFlows _flows = new();
    private readonly RecordingLogger<DrainService> _log = new();
    private readonly ClusterStore _store;
    private readonly DrainService _drains;

    public DrainServiceTests()
    {
        _store = new ClusterStore(_time);
        Apply(_store, "a", "b");
        _drains = new DrainService(_store, [_flows], _time, _log);
    }

    public void Dispose() => _drains.Dispose();

    [Fact]
    public void Start_Destination_GetsNoNewClientAtOnce()
    {
        Assert.NotNull(_drains.Start(Job("web", "a")));

        Assert.Equal(Availability.Draining, Find("a").Judgement.Availability);
        Assert.Equal(Availability.InService, Find("b").Judgement.Availability);
    }

    [Fact]
    public void Start_IsLogged_WithoutEmptyPartsAndWithTimesInIso()
    {
        var node = _drains.Start(Job(null, null) with { Who = "anna", Why = "" })!;
        var destination = _drains.Start(Job("web", "a", deadline: 60))!;

        Assert.Equal(
            [
                $"Information Drain {node.Id} of the node begins, by anna",
                $"Information Drain {destination.Id} of web/a begins, by anna: kernel; what is left at {_time.GetUtcNow().AddSeconds(60):yyyy-MM-ddTHH:mm:ssZ} is cut off",
            ],
            _log.Lines);
    }

    [Fact]
    public void InEffect_LastsUntilTheWordIsTakenBack()
    {
        var job = _drains.Start(Job("web", null))!;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((DrainStatus.Empty, true, 2), (Job(job).Status, _drains.Progress(job.Id)!.IsInEffect, _drains.Progress(job.Id)!.Destinations));

        _store.SetAdmin("web", "a", null);
        Assert.Equal(1, _drains.Progress(job.Id)!.Destinations);
        _store.SetAdmin("web", "b", null);

        Assert.False(_drains.Progress(job.Id)!.IsInEffect);
        Assert.Null(_drains.Preview(Job("web", "none")));
        Assert.Equal(1, _drains.Preview(Job("web", "a"))!.Destinations);
    }

    [Fact]
    public void Start_WhatDoesNotExist_IsNull() => Assert.Null(_drains.Start(Job("web", "c")));

    [Fact]
    public void Start_KnownClientsAfterTheDeadline_IsRefused() => Assert.Throws<ArgumentException>(
        () => _drains.Start(Job("web", "a", deadline: 10) with { StickyUntil = _time.GetUtcNow().AddSeconds(11) }));

    [Fact]
    public void Follow_WebSockets_AreToldEvenlyOverThreeQuarters()
    {
        _flows.Add(Find("a"), FlowKind.WebSocket, 30);
        _flows.Add(Find("b"), FlowKind.WebSocket, 5);
        _drains.Start(Job("web", "a", deadline: 40));
        var told = new List<int>();

        for (var i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            told.Add(_flows.Asked(FlowKind.WebSocket));
        }

        Assert.Equal([10, 20, 30], told);
    }

    [Fact]
    public void Follow_Connections_AreToldAtThreeQuartersAndCutAtTheDeadline()
    {
        _flows.Add(Find("a"), FlowKind.Connection, 3);
        _flows.Add(Find("a"), FlowKind.Session, 2);
        var job = _drains.Start(Job("web", "a", deadline: 40))!;

        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(0, _flows.Asked(FlowKind.Connection));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((3, 0, 0), (_flows.Asked(FlowKind.Connection), _flows.Asked(FlowKind.Session), _flows.Aborted));
        Assert.Equal([(FlowKind.Connection, 3), (FlowKind.Session, 2)],
            _drains.Progress(job.Id)!.Flows.Select(pair => (pair.Key, pair.Value)));
        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(5, _flows.Aborted);
        Assert.Equal((DrainStatus.Cut, 5), (Job(job).Status, Job(job).CutOff));
        Assert.Equal(Availability.Draining, Find("a").Judgement.Availability);
    }

    [Fact]
    public void Follow_EverythingEnds_IsEmptyAndSaid()
    {
        _flows.Add(Find("a"), FlowKind.Request, 3);
        var ended = new List<DrainStatus>();
        _drains.Changed += job => ended.Add(job.Status);
        var job = _drains.Start(Job("web", "a"))!;

        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(Job(job).IsRunning);
        _flows.End(3);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([DrainStatus.Running, DrainStatus.Empty], ended);
        Assert.Contains(_log.Lines, line => line.Contains("web/a has ended: Empty", StringComparison.Ordinal));
    }

    [Fact]
    public void Follow_KnownClientsMayReturn_IsNotEmptyBefore()
    {
        var job = _drains.Start(Job("web", "a") with { StickyUntil = _time.GetUtcNow().AddMinutes(20) })!;

        _time.Advance(TimeSpan.FromMinutes(19));
        Assert.True(Job(job).IsRunning);
        Assert.True(Find("a").IsWelcoming);
        _time.Advance(TimeSpan.FromMinutes(1) + TimeSpan.FromSeconds(1));

        Assert.Equal(DrainStatus.Empty, Job(job).Status);
        Assert.False(Find("a").IsWelcoming);
    }

    [Fact]
    public void Cancel_PutsTheDestinationsBack()
    {
        var job = _drains.Start(Job("web", null))!;

        Assert.True(_drains.Cancel(job.Id));

        Assert.Equal(Availability.InService, Find("a").Judgement.Availability);
        Assert.Equal(DrainStatus.Cancelled, Job(job).Status);
        Assert.False(_drains.Cancel(job.Id));
    }

    [Fact]
    public void Cancel_APersonSaidSomethingElseMeanwhile_LeavesThat()
    {
        _flows.Add(Find("a"), FlowKind.Request, 1);
        var job = _drains.Start(Job("web", "a", deadline: 40))!;

        _store.SetAdmin("web", "a", new AdminWord(AdminOrder.Maintenance, "berta", "", _time.GetUtcNow().AddSeconds(1)));
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(DrainStatus.Cancelled, Job(job).Status);
        Assert.Equal("berta", Find("a").Standing.Admin!.Who);
        Assert.Equal(0, _flows.Aborted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Follow_ADestinationWasPutBackMeanwhile_LeavesItsFlowsAlone(bool isUp)
    {
        foreach (var kind in new[] { FlowKind.WebSocket, FlowKind.Connection, FlowKind.Session })
        {
            _flows.Add(Find("a"), kind, 3);
        }

        _flows.Add(Find("b"), FlowKind.Connection, 1);
        var job = _drains.Start(Job("web", null, deadline: 40))!;

        _store.SetAdmin("web", "a", isUp ? new AdminWord(AdminOrder.Up, "berta", "", _time.GetUtcNow()) : null);
        _time.Advance(TimeSpan.FromSeconds(35));
        Assert.Equal((0, 1), (_flows.Asked(FlowKind.WebSocket), _flows.Asked(FlowKind.Connection)));
        Assert.Equal([(FlowKind.Connection, 1)], _drains.Progress(job.Id)!.Flows.Select(pair => (pair.Key, pair.Value)));
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal((1, DrainStatus.Cut, 1), (_flows.Aborted, Job(job).Status, Job(job).CutOff));
    }

    [Fact]
    public void Follow_TheDestinationLeavesTheConfigurationForAWhile_GoesOn()
    {
        _flows.Add(Find("a"), FlowKind.Connection, 2);
        var job = _drains.Start(Job("web", "a", deadline: 40))!;

        Apply(_store, "b");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(Job(job).IsRunning);
        Apply(_store, "a", "b");
        _time.Advance(TimeSpan.FromSeconds(39));

        Assert.Equal((DrainStatus.Cut, 2), (Job(job).Status, _flows.Aborted));
    }

    [Fact]
    public void Cancel_WhileTheDestinationIsGone_PutsItBackInService()
    {
        _flows.Add(Find("a"), FlowKind.Connection, 1);
        var job = _drains.Start(Job("web", "a"))!;
        Apply(_store, "b");

        Assert.True(_drains.Cancel(job.Id));
        Apply(_store, "a", "b");

        Assert.Equal(Availability.InService, Find("a").Judgement.Availability);
    }

    [Fact]
    public void Start_Node_ConcernsEveryFlowAndNoDestination()
    {
        _flows.Add(Find("a"), FlowKind.WebSocket, 3);
        _flows.Add(null, FlowKind.ClientConnection, 4);
        _drains.Start(Job(null, null, deadline: 40));

        _time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal((3, 4), (_flows.Asked(FlowKind.WebSocket), _flows.Asked(FlowKind.ClientConnection)));
        Assert.Equal(Availability.InService, Find("a").Judgement.Availability);
        Assert.True(_drains.IsNodeDraining);
    }

    [Fact]
    public void Resume_InAnotherProcess_GoesOnWithTheSameDeadline()
    {
        _flows.Add(Find("a"), FlowKind.Connection, 1);
        var job = _drains.Start(Job("web", "a", deadline: 40))!;
        _time.Advance(TimeSpan.FromSeconds(20));
        _drains.Dispose();

        using var next = new DrainService(_store, [_flows], _time, _log);
        next.Resume(_drains.Jobs);
        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(0, _flows.Aborted);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(1, _flows.Aborted);
        Assert.Equal(DrainStatus.Cut, next.Jobs.Single().Status);
        Assert.Equal("d2", next.Start(Job("web", "b"))!.Id);
        Assert.Equal("d1", job.Id);
    }

    [Fact]
    public void Resume_TheFirstConfigurationComesLate_GoesOn()
    {
        _flows.Add(Find("a"), FlowKind.Connection, 1);
        _drains.Start(Job("web", "a", deadline: 40));
        _drains.Dispose();
        var flows = new FakeFlows();
        var store = new ClusterStore(_time);
        store.Recall(_store.Remember());

        using var next = new DrainService(store, [flows], _time, _log);
        next.Resume(_drains.Jobs);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.True(next.Jobs.Single().IsRunning);
        Apply(store, "a", "b");
        var a = store.Current.FindCluster("web")!.Find("a")!;
        flows.Add(a, FlowKind.Connection, 1);
        _time.Advance(TimeSpan.FromSeconds(36));
        Assert.Equal(0, flows.Aborted);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((DrainStatus.Cut, 1), (next.Jobs.Single().Status, flows.Aborted));
        Assert.Equal(Availability.Draining, a.Judgement.Availability);
    }

    private static void Apply(ClusterStore store, params string[] ids) => store.Apply(
        [
            new ClusterOptions
            {
                Id = "web",
                Destinations = [.. ids.Select(id => new DestinationOptions { Id = id, Address = new Uri("http://192.0.2.1") })],
            },
        ],
        []);

    private Destination Find(string id) => _store.Current.FindCluster("web")!.Find(id)!;

    private DrainJob Job(DrainJob job) => _drains.Jobs.Single(other => other.Id == job.Id);

    private DrainJob Job(string? cluster, string? destination, int? deadline = null) =>
        new("", cluster, destination, "anna", "kernel", _time.GetUtcNow())
        {
            Deadline = deadline is null ? null : _time.GetUtcNow().AddSeconds(deadline.Value),
        };
}
