using Gateway.Clusters;
using Gateway.Draining;

namespace Gateway.Tests.Draining;

/// <content>Several words on one destination.</content>
public sealed partial class DrainServiceTests
{
    [Theory]
    [InlineData(null, "a")]
    [InlineData("a", null)]
    public void Cancel_OneOfTwoDrainsOfADestination_LeavesTheOther(string? first, string? second)
    {
        _flows.Add(Find("a"), FlowKind.Connection, 1);
        var earlier = _drains.Start(Job("web", first, deadline: 100))!;
        var later = _drains.Start(Job("web", second, deadline: 60))!;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(Job(earlier).IsRunning && Job(later).IsRunning);

        _drains.Cancel(later.Id);
        Assert.Equal(Availability.Draining, Find("a").Judgement.Availability);
        Assert.Equal(earlier.Started, Find("a").Standing.Admin!.Since);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(0, _flows.Aborted);
        _drains.Cancel(earlier.Id);

        Assert.Equal(Availability.InService, Find("a").Judgement.Availability);
        Assert.Equal(Availability.InService, Find("b").Judgement.Availability);
    }

    [Fact]
    public void Cancel_TheEarlierOfTwoDrains_LeavesTheLater()
    {
        _flows.Add(Find("a"), FlowKind.Connection, 1);
        var earlier = _drains.Start(Job("web", null))!;
        var later = _drains.Start(Job("web", "a", deadline: 40))!;

        _drains.Cancel(earlier.Id);
        Assert.Equal(Availability.InService, Find("b").Judgement.Availability);
        Assert.Equal(Availability.Draining, Find("a").Judgement.Availability);
        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal((DrainStatus.Cut, 1), (Job(later).Status, _flows.Aborted));
        _drains.Cancel(later.Id);

        Assert.Null(Find("a").Standing.Admin);
    }

    [Fact]
    public void Start_TheSameAgain_TakesThePlaceOfTheEarlierOne()
    {
        _flows.Add(Find("a"), FlowKind.Connection, 1);
        var outer = _drains.Start(Job("web", null))!;
        var earlier = _drains.Start(Job("web", "a"))!;
        var later = _drains.Start(Job("web", "a"))!;
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(DrainStatus.Cancelled, Job(earlier).Status);
        _drains.Cancel(later.Id);
        Assert.Equal(outer.Started, Find("a").Standing.Admin!.Since);
    }

    [Fact]
    public void Cancel_OfADrainOverMaintenance_BringsThatBack()
    {
        _store.SetAdmin("web", "a", new AdminWord(AdminOrder.Maintenance, "berta", "", _time.GetUtcNow()) { Until = _time.GetUtcNow().AddHours(1) });
        var job = _drains.Start(Job("web", null))!;
        Assert.Equal((false, true), (Find("a").IsWelcoming, Find("b").IsWelcoming));

        _drains.Cancel(job.Id);
        Assert.Equal(Availability.Out, Find("a").Judgement.Availability);
        Assert.Equal(Availability.InService, Find("b").Judgement.Availability);
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(Availability.InService, Find("a").Judgement.Availability);
    }

    [Fact]
    public void Follow_MaintenanceBeneathEnds_KnownClientsMayReturn()
    {
        _store.SetAdmin("web", "a", new AdminWord(AdminOrder.Maintenance, "berta", "", _time.GetUtcNow()) { Until = _time.GetUtcNow().AddHours(1) });
        var job = _drains.Start(Job("web", null))!;

        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(Find("a").IsWelcoming);
        _drains.Cancel(job.Id);

        Assert.Null(Find("a").Standing.Admin);
    }
}
