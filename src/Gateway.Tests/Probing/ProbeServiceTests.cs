using Gateway.Clusters;
using Gateway.Probing;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Probing;

/// <summary>The service with a clock that stands and a prober that finds what it is told.</summary>
public sealed partial class ProbeServiceTests : IAsyncDisposable
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(10);

    // One interval with the most jitter there is: afterwards each destination was probed at least once more.
    private static readonly TimeSpan _round = TimeSpan.FromSeconds(11.001);

    private readonly FakeTime _time = new();
    private readonly RecordingLogger<ProbeService> _log = new(LogLevel.Debug);
    private readonly ClusterStore _store;
    private readonly FakeProber _prober;
    private readonly ProbeService _service;
    private int _probersMade;

    public ProbeServiceTests()
    {
        _store = new ClusterStore(_time);
        _prober = new FakeProber(_time);
        _service = new ProbeService(_store, _time, _log, _ =>
        {
            _probersMade++;
            return _prober;
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _service.StopAsync(CancellationToken.None);
        _service.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_BeforeTheFirstProbe_StandingIsTheInitialOne(bool initiallyUp)
    {
        await ApplyAsync(Web(new ProbeOptions { InitiallyUp = initiallyUp }, A()));
        await StartAsync();

        Assert.Equal(ProbeVerdict.Pending, Standing("a").Probe);
        Assert.Equal(initiallyUp, Destination("a").IsUp);
    }

    [Theory]
    [InlineData("+", ProbeVerdict.Up, "Passed", "Debug web: destination a (10.0.0.5:80) up: Passed, 1 in a row")]
    [InlineData("-", ProbeVerdict.Down, "ConnectRefused",
        "Debug web: destination a (10.0.0.5:80) down: ConnectRefused, 1 in a row")]
    public async Task Start_FirstProbe_DecidesAtOnce(string findings, object verdict, string reason, string line)
    {
        _prober.Set(80, findings);
        await ApplyAsync(Web(Probe(), A()));
        await StartAsync();

        await AdvanceAsync(TimeSpan.FromMilliseconds(2));

        Assert.Equal(verdict, Standing("a").Probe);
        Assert.Equal(reason, Standing("a").ProbeReason);
        Assert.Equal(line, Assert.Single(Lines));
    }

    [Fact]
    public async Task Probe_DestinationFailsAndRecovers_IsToldOnceEach()
    {
        _prober.Set(80, "++-+---------++++");
        await ApplyAsync(Web(Probe() with { Rise = 2, Fall = 3 }, A()));
        var revision = _store.Current.Revision;
        await StartAsync();

        await AdvanceAsync(_round * 20);

        Assert.Equal(
            [
                "Debug web: destination a (10.0.0.5:80) up: Passed, 1 in a row",
                "Debug web: destination a (10.0.0.5:80) down: ConnectRefused, 3 in a row",
                "Debug web: destination a (10.0.0.5:80) up: Passed, 2 in a row",
            ],
            Lines);
        Assert.Equal(revision + 3, _store.Current.Revision);
    }

    [Fact]
    public async Task Probe_Interval_IsKeptGiveOrTakeATenth()
    {
        await ApplyAsync(Web(Probe(), A()));
        await StartAsync();

        await AdvanceAsync(_interval * 50);

        var at = _prober.Probes.Select(probe => probe.At).ToArray();
        var gaps = at.Zip(at.Skip(1), (one, next) => next - one).ToArray();
        Assert.All(gaps, gap => Assert.InRange(gap, (_interval * 0.9) - TimeSpan.FromMilliseconds(25), _interval * 1.1));
        Assert.True(gaps.Distinct().Count() > 5, "The gaps have no jitter.");
    }

    [Fact]
    public async Task Probe_ClusterWithoutProbe_IsUpAndLeftAlone()
    {
        await ApplyAsync(Web(null, A()));
        await StartAsync();

        await AdvanceAsync(_round * 3);

        Assert.True(Destination("a").IsUp);
        Assert.Empty(_prober.Probes);
    }

    [Fact]
    public async Task Probe_Ended_IsCountedAndReported()
    {
        _prober.Set(80, "+--+");
        var reported = new List<string>();
        _service.Probed += (destination, report) => reported.Add($"{destination.Id} {report.Result}");
        await ApplyAsync(Web(Probe(), A()));
        await StartAsync();
        Assert.Null(_service.FindStatistics("web", "a"));

        await AdvanceAsync(_interval * 2.5);

        var statistics = _service.FindStatistics("web", "a")!;
        Assert.Equal(1, statistics.Ended(ProbeOutcome.Passed));
        Assert.Equal(2, statistics.Ended(ProbeOutcome.ConnectRefused));
        Assert.Equal(_prober.Probes.Last().At, statistics.Last!.At);
        Assert.Equal(["a Passed", "a ConnectRefused", "a ConnectRefused"], reported);
    }

    [Fact]
    public async Task Start_ThousandDestinations_AreSpreadAndProbedWithinASecond()
    {
        var many = Enumerable.Range(0, 1000)
            .Select(i => new DestinationOptions { Id = $"d{i}", Address = new Uri($"tcp://10.0.0.5:{1000 + i}") });
        await ApplyAsync(Web(Probe(), [.. many]));
        var start = _time.GetUtcNow();
        await StartAsync();

        await AdvanceAsync(TimeSpan.FromSeconds(1.001));

        Assert.Equal(1000, _prober.Probes.Count);
        var busiest = _prober.Probes.CountBy(probe => (int)((probe.At - start) / TimeSpan.FromMilliseconds(100))).Max(c => c.Value);
        Assert.InRange(busiest, 80, 200);
    }

    [Fact]
    public async Task Stop_ProbeUnderWay_EndsItAndSaysNothing()
    {
        _prober.Set(80, ".");
        await ApplyAsync(Web(Probe(), A()));
        await StartAsync();
        await AdvanceAsync(TimeSpan.FromSeconds(1));

        await _service.StopAsync(CancellationToken.None);
        await AdvanceAsync(_round * 3);

        Assert.Equal(ProbeVerdict.Pending, Standing("a").Probe);
        Assert.Equal(1, _prober.CountOf(80));
    }

    [Fact]
    public async Task Probes_Several_AllMustPass()
    {
        _prober.Set(80, "+");
        _prober.Set(81, "-+--+");
        await ApplyAsync(Web(Probe() with { Rise = 1, Fall = 2 }, A()) with { Probes = [Probe() with { Port = 81, Rise = 1, Fall = 2 }] });
        await StartAsync();

        await AdvanceAsync(_round * 7);

        Assert.Equal(
            [
                "Debug web: destination a (10.0.0.5:80) down: tcp: ConnectRefused, 1 in a row",
                "Debug web: destination a (10.0.0.5:80) up: tcp: Passed, 1 in a row",
                "Debug web: destination a (10.0.0.5:80) down: tcp: ConnectRefused, 2 in a row",
                "Debug web: destination a (10.0.0.5:80) up: tcp: Passed, 1 in a row",
            ],
            Lines.Skip(Lines[0].Contains(" up:", StringComparison.Ordinal) ? 1 : 0));
    }

    [Fact]
    public async Task Probes_OneHangs_DestinationIsPending()
    {
        _prober.Set(81, ".");
        await ApplyAsync(Web(Probe(), A()) with { Probes = [Probe() with { Port = 81 }] });
        await StartAsync();

        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(ProbeVerdict.Pending, Standing("a").Probe);
        await AdvanceAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(ProbeVerdict.Down, Standing("a").Probe);
    }

    // What HAProxy's "http-check disable-on-404" with "agent-check" becomes: neither takes back what the other said.
    [Theory]
    [InlineData("+", "m", "Maintenance", 1)]
    [InlineData("l", "m", "Maintenance", 1)]
    [InlineData("l", "u", "Drain", 0.5)]
    [InlineData("l+", "u", "Up", 0.5)]
    [InlineData("l", "mu", "Drain", 0.5)]
    public async Task Probes_AgentBesideDrainStatus_EachKeepsItsWord(string http, string agent, string order, double share)
    {
        _prober.Set(80, http);
        _prober.Set(81, agent);
        await ApplyAsync(Web(Probe() with { Kind = "http", DrainStatus = "404" }, A()) with { Probes = [Probe() with { Kind = "agent", Port = 81 }] });
        await StartAsync();
        await AdvanceAsync(_round * 2);

        var changes = 0;
        _store.Subscribe(_ => changes++);
        await AdvanceAsync(_round * 3);

        Assert.Equal((order, share, 1), (Standing("a").Agent!.Order.ToString(), Standing("a").Agent!.Share, changes));
    }

    [Theory]
    // At the plain interval there were 25 of them.
    [InlineData("+-", 100, 1, 10, 45)]
    [InlineData("-", 1, 10, 60, 5)]
    public async Task Probe_InDoubtOrDown_HasItsOwnInterval(string findings, int times, int fast, int down, int probes)
    {
        _prober.Set(80, string.Concat(Enumerable.Repeat(findings, times)));
        await ApplyAsync(Web(
            Probe() with
            {
                FastInterval = TimeSpan.FromSeconds(fast),
                DownInterval = TimeSpan.FromSeconds(down),
                Timeout = TimeSpan.FromSeconds(1),
            },
            A()));
        await StartAsync();

        await AdvanceAsync(TimeSpan.FromSeconds(250));

        Assert.InRange(_prober.CountOf(80), probes - 4, probes + 4);
    }

    // All but the single probes.
    private string[] Lines => [.. _log.Lines.Where(line => !line.Contains(" probed by ", StringComparison.Ordinal))];

    private static ProbeOptions Probe() => new() { Interval = _interval };

    private static DestinationOptions A() => new() { Id = "a", Address = new Uri("http://10.0.0.5:80") };

    private static DestinationOptions B() => new() { Id = "b", Address = new Uri("http://10.0.0.6:81") };

    private static ClusterOptions Web(ProbeOptions? probe, params DestinationOptions[] destinations) =>
        new() { Id = "web", Destinations = destinations, Probe = probe };

    // Away from the test's synchronization context, as in the program: everything that a timer lets go on then runs
    // before Advance returns.
    private Task ApplyAsync(ClusterOptions cluster) => Task.Run(() => _store.Apply([cluster], []));

    private Task StartAsync() => Task.Run(() => _service.StartAsync(CancellationToken.None));

    private Task AdvanceAsync(TimeSpan by) => Task.Run(() => _time.Advance(by));

    private Destination Destination(string id) => _store.Current.FindCluster("web")!.Find(id)!;

    private Standing Standing(string id) => Destination(id).Standing;

    // For what also waits for the thread pool: the ending of a loop that was replaced.
    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Probing.Probe.Long);
        while (!condition())
        {
            await AdvanceAsync(TimeSpan.FromMilliseconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, deadline.Token);
        }
    }
}
