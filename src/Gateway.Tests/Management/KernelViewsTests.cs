using Gateway.Kernel;
using Gateway.Management.Views;

namespace Gateway.Tests.Management;

/// <summary>Views of what the kernel does.</summary>
public sealed class KernelViewsTests
{
    private static readonly KernelStatus _busy = KernelStatus.Idle with
    {
        Revision = 7,
        Changes = 3,
        LastChange = TimeSpan.FromMicroseconds(1234.5),
        Paths = [new("web", "direct", false, true, ""), new("web", "direct", true, false, "no way"), new("dns", "nat", false, true, "")],
        Targets =
        [
            new("web", "app", "a", new KernelCounters(10, 4, 100, 5000, 0, 0), 3, 1),
            new("dns", "app", "a", new KernelCounters(5, 0, 20, 800, 30, 900), 0, 2),
            new("web", "app", "b", new KernelCounters(1, 1, 2, 80, 0, 0), 0, 0),
        ],
    };

    [Fact]
    public void OfDestination_SumsOverVirtualServers() => Assert.Equal(
        new KernelCountersView(15, 3, 3, 120, 30, 5800, 900), new KernelViews(() => _busy).OfDestination("app", "a"));

    [Fact]
    public void OfServer_SumsOverDestinations_WhateverTheCase()
    {
        var views = new KernelViews(() => _busy);

        Assert.Equal(new KernelCountersView(11, 3, 1, 102, 0, 5080, 0), views.OfServer("WEB"));
        Assert.Equal(["a", "b"], views.DestinationsOf("web").Select(view => view.Destination));
    }

    [Fact]
    public void Paths_SayWhatIsInUseAndWhyNotTheKernel() => Assert.Equal(
        [new PathView("web", "ipv4", "direct", "kernel", ""), new PathView("web", "ipv6", "direct", "relay", "no way")],
        new KernelViews(() => _busy).PathsOf("Web"));

    [Fact]
    public void Read_TellsTheLastChangeInMilliseconds()
    {
        var view = new KernelViews(() => _busy).Read()!;

        Assert.Equal((7, 3, 0, 1.23, 3), (view.Revision, view.Changes, view.Failures, view.LastChangeMilliseconds, view.Paths.Count));
        Assert.Null(view.Error);
    }

    [Fact]
    public void Idle_IsNothing()
    {
        var status = _busy;
        var views = new KernelViews(() => status);
        Assert.NotNull(views.OfDestination("app", "b"));

        status = KernelStatus.Idle;

        Assert.Null(views.Read());
        Assert.Null(views.OfServer("web"));
        Assert.Null(views.OfDestination("app", "b"));
    }
}
