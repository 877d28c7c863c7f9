using System.Collections.Concurrent;
using System.Net;
using Gateway.Clusters;
using Gateway.Names;
using Gateway.Tests.Support;

namespace Gateway.Tests.Names;

/// <summary>The service with a clock that stands and a resolver that finds what it is told.</summary>
public sealed class NameServiceTests : IDisposable
{
    private readonly FakeTime _time = new();
    private readonly RecordingLogger<NameService> _log = new();
    private readonly NameTable _table = new();
    private readonly FakeNames _names = new();
    private readonly ClusterStore _store;
    private readonly NameService _service;

    public NameServiceTests()
    {
        _store = new ClusterStore(_time);
        _service = new NameService(_store, _table, _time, _log, _ => _names);
    }

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task Apply_Name_IsItsAddresses()
    {
        _names.Set("web.example", "10.0.0.2 10.0.0.1", 10);

        await ApplyAsync();

        Assert.Equal("web: a[10.0.0.1] a[10.0.0.2] b", Destinations());
    }

    [Fact]
    public async Task Apply_AnswerExpires_IsLookedUpAgainWithinTheBounds()
    {
        _names.Set("web.example", "10.0.0.1", 3600);
        await ApplyAsync(new NameOptions { MinTtl = TimeSpan.FromSeconds(5), MaxTtl = TimeSpan.FromSeconds(60) });
        Assert.Equal(1, _names.Asked);

        await AdvanceAsync(TimeSpan.FromSeconds(53));
        Assert.Equal(1, _names.Asked);
        _names.Set("web.example", "10.0.0.1 10.0.0.3", 0);
        await AdvanceAsync(TimeSpan.FromSeconds(8));
        Assert.Equal("web: a[10.0.0.1] a[10.0.0.3] b", Destinations());

        // A lifetime of nothing is five seconds here, less a tenth by chance.
        await AdvanceAsync(TimeSpan.FromSeconds(50));
        Assert.InRange(_names.Asked, 11, 15);
        Assert.Contains("Information The name web.example has 2 addresses: new [10.0.0.3], gone []", _log.Lines);
    }

    [Fact]
    public async Task Apply_SubscriberThatThrows_IsLoggedAndTheNameIsLookedUpAgain()
    {
        var isThrowing = false;
        _store.Subscribe(snapshot => _ = isThrowing && snapshot.Revision > 1 ? throw new InvalidOperationException("No room.") : 0);
        _names.Set("web.example", "10.0.0.1", 10);
        await ApplyAsync();

        isThrowing = true;
        _names.Set("web.example", "10.0.0.2", 10);
        await AdvanceAsync(TimeSpan.FromSeconds(15));
        isThrowing = false;
        _names.Set("web.example", "10.0.0.3", 10);
        await AdvanceAsync(TimeSpan.FromSeconds(60));

        Assert.Equal("web: a[10.0.0.3] b", Destinations());
        Assert.Contains("Error The look-up of web.example failed by an error of Gateway; it goes on", _log.Lines);
    }

    [Fact]
    public async Task Apply_SameAnswerInAnotherOrder_PublishesNothing()
    {
        _names.Set("web.example", "10.0.0.1 10.0.0.2", 1);
        await ApplyAsync();
        var revision = _store.Current.Revision;
        var changed = _table.Changed;

        _names.Set("web.example", "10.0.0.2 10.0.0.1", 1);
        await AdvanceAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(revision, _store.Current.Revision);
        Assert.False(changed.HasChanged);
        Assert.True(_names.Asked > 10);
    }

    [Fact]
    public async Task Apply_ResolverFails_TheLastAnswerStays()
    {
        _names.Set("web.example", "10.0.0.1", 10);
        await ApplyAsync();

        _names.Fail("web.example", "SERVFAIL");
        await AdvanceAsync(TimeSpan.FromMinutes(10));
        Assert.Equal("web: a[10.0.0.1] b", Destinations());

        _names.Set("web.example", "10.0.0.2", 10);
        await AdvanceAsync(TimeSpan.FromSeconds(31));
        Assert.Equal("web: a[10.0.0.2] b", Destinations());
        Assert.Equal(
            [
                "Information The name web.example has 1 addresses: new [10.0.0.1], gone []",
                "Warning The name web.example cannot be looked up: SERVFAIL; its last addresses stay",
                "Information The name web.example can be looked up again",
                "Information The name web.example has 1 addresses: new [10.0.0.2], gone [10.0.0.1]",
            ],
            _log.Lines);
    }

    [Fact]
    public async Task Apply_NameHasNoAddressAnyMore_TheLastOnesStay()
    {
        _names.Set("web.example", "10.0.0.1", 10);
        await ApplyAsync();

        _names.Set("web.example", "", 10);
        await AdvanceAsync(TimeSpan.FromMinutes(10));

        Assert.Equal("web: a[10.0.0.1] b", Destinations());
        Assert.Contains("Warning The name web.example cannot be looked up: it has no address; its last addresses stay", _log.Lines);
    }

    // Some servers refuse to speak of a kind of address they have none of.
    [Fact]
    public async Task Apply_OneKindOfAddressFails_TheOtherIsUsed()
    {
        _names.Set("web.example", "10.0.0.1", 10);
        _names.FailFor(DnsType.AAAA);
        await Task.Run(() => _service.ApplyAsync([Web(A() with { Resolve = NameLookup.All })], [], new NameOptions(), CancellationToken.None));

        Assert.Equal("web: a[10.0.0.1]", Destinations());
        Assert.DoesNotContain(_log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Apply_NothingIsKnownYet_GoesOnWithoutAndAddsItLater()
    {
        _names.Hang("web.example");
        var apply = ApplyAsync();
        while (!apply.IsCompleted)
        {
            // Its timer may not be set yet when the clock moves for the first time.
            await AdvanceAsync(TimeSpan.FromMilliseconds(100));
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        await apply;
        Assert.Equal("web: a b", Destinations());

        _names.Set("web.example", "10.0.0.1", 10);
        await Eventually.TrueAsync(() => Destinations() == "web: a[10.0.0.1] b", "the address is added");
    }

    [Fact]
    public async Task Apply_AddressStays_ItsStandingAndCountersDoToo()
    {
        _names.Set("web.example", "10.0.0.1 10.0.0.2", 10);
        await ApplyAsync();
        var before = _store.Current.FindCluster("web")!.Find("a[10.0.0.1]")!;
        _store.SetAdmin("web", "a[10.0.0.1]", new AdminWord(AdminOrder.Drain, "ann", "", _time.GetUtcNow()));

        _names.Set("web.example", "10.0.0.1 10.0.0.3", 10);
        await AdvanceAsync(TimeSpan.FromSeconds(11));

        var after = _store.Current.FindCluster("web")!.Find("a[10.0.0.1]")!;
        Assert.Same(before.State, after.State);
        Assert.Equal(AdminOrder.Drain, after.Standing.Admin!.Order);
        Assert.Equal("web: a[10.0.0.1] a[10.0.0.3] b", Destinations());
    }

    [Fact]
    public async Task Apply_NameLeavesTheConfiguration_IsAskedForNoMore()
    {
        _names.Set("web.example", "10.0.0.1", 1);
        await ApplyAsync();

        await Task.Run(() => _service.ApplyAsync([Web(B())], [], new NameOptions(), CancellationToken.None));
        var asked = _names.Asked;
        await AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal("web: b", Destinations());
        Assert.Equal(asked, _names.Asked);
    }

    [Fact]
    public async Task Apply_ManyDestinationsOfOneName_AskOnce()
    {
        _names.Set("web.example", "10.0.0.1", 60);

        await Task.Run(() => _service.ApplyAsync(
            [Web(A(), A() with { Id = "c", Address = new Uri("http://web.example:81") })], [], new NameOptions(), CancellationToken.None));

        Assert.Equal("web: a[10.0.0.1] c[10.0.0.1]", Destinations());
        Assert.Equal(1, _names.Asked);
    }

    private static DestinationOptions A() => new() { Id = "a", Address = new Uri("http://web.example:80"), Resolve = NameLookup.IPv4 };

    private static DestinationOptions B() => new() { Id = "b", Address = new Uri("http://10.0.0.9:80") };

    private static ClusterOptions Web(params DestinationOptions[] destinations) => new() { Id = "web", Destinations = destinations };

    private Task ApplyAsync(NameOptions? options = null) =>
        Task.Run(() => _service.ApplyAsync([Web(A(), B())], [], options ?? new NameOptions(), CancellationToken.None));

    private Task AdvanceAsync(TimeSpan by) => Task.Run(() => _time.Advance(by));

    private string Destinations() => string.Join("; ", _store.Current.Clusters.Select(cluster =>
        $"{cluster.Id}: {string.Join(' ', cluster.Destinations.Select(destination => destination.Id))}"));

    private sealed class FakeNames : INameSource
    {
        private readonly ConcurrentDictionary<string, NameFinding> _findings = new();
        private readonly ConcurrentDictionary<string, TaskCompletionSource<NameFinding>> _hanging = new();
        private int _asked;
        private DnsType? _failing;

        public int Asked => _asked;

        public void Set(string name, string addresses, int seconds)
        {
            var finding = new NameFinding(
                [.. addresses.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(address => new NameAddress(IPAddress.Parse(address)))],
                TimeSpan.FromSeconds(seconds));
            _findings[name] = finding;
            if (_hanging.TryRemove(name, out var hanging))
            {
                hanging.SetResult(finding);
            }
        }

        public void Fail(string name, string problem) => _findings[name] = NameFinding.Failed(problem);

        public void Hang(string name) => _hanging[name] = new TaskCompletionSource<NameFinding>();

        public void FailFor(DnsType type) => _failing = type;

        public Task<NameFinding> FindAsync(string name, DnsType type, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _asked);
            return type == _failing ? Task.FromResult(NameFinding.Failed("REFUSED")) : _hanging.TryGetValue(name, out var hanging) ? hanging.Task : Task.FromResult(_findings[name]);
        }
    }
}
