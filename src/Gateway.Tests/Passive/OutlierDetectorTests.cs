using Gateway.Clusters;
using Gateway.Passive;
using Gateway.Tests.Support;

namespace Gateway.Tests.Passive;

public class OutlierDetectorTests
{
    private static readonly PassiveOptions _options = new()
    {
        Failures = 3,
        Ejection = TimeSpan.FromSeconds(10),
        LongestEjection = TimeSpan.FromSeconds(60),
    };

    private readonly FakeTime _time = new();
    private readonly RecordingLogger<OutlierDetector> _log = new();
    private ClusterStore _store;

    public OutlierDetectorTests() => _store = Start([]);

    // How often in a row before, seconds since the last one ended: how long the next one lasts.
    [Theory]
    [InlineData(0, 1000, 10, 1)]
    [InlineData(1, 59, 20, 2)]
    [InlineData(2, 0, 40, 3)]
    [InlineData(3, 0, 60, 4)]
    [InlineData(500, 0, 60, 501)]
    [InlineData(3, 60, 10, 1)]
    public void Next_EjectedAgainSoon_LastsTwiceAsLong(int before, int since, int seconds, int inARow) =>
        Assert.Equal((TimeSpan.FromSeconds(seconds), inARow), OutlierDetector.Next(_options, before, TimeSpan.FromSeconds(since)));

    // Doubled so often, an hour is more than a time can hold; the exception would end the process.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 876_000)]
    [InlineData(876_000, 876_000)]
    public void Next_LongEjectionManyTimesInARow_IsTheLongest(int hours, int longest) => Assert.Equal(
        (TimeSpan.FromHours(longest), 101),
        OutlierDetector.Next(
            new PassiveOptions { Ejection = TimeSpan.FromHours(hours), LongestEjection = TimeSpan.FromHours(longest) }, 100, TimeSpan.Zero));

    // Destinations that are ejected (-), in service (+) or out otherwise (o); may one more of those in service be ejected?
    [Theory]
    [InlineData("++", 50, true)]
    [InlineData("+", 100, false)]
    [InlineData("+o", 100, false)]
    [InlineData("+-", 100, false)]
    [InlineData("++-", 50, false)]
    [InlineData("++++-", 50, true)]
    [InlineData("+++--", 50, false)]
    [InlineData("++++++++++", 5, true)]
    [InlineData("+++++++++-", 5, false)]
    [InlineData("++", 0, false)]
    public void MayEject_CapAndTheLastInService(string pool, int mostEjected, bool expected)
    {
        Apply(pool.Length, _options with { MostEjected = mostEjected });
        for (var i = 0; i < pool.Length; i++)
        {
            if (pool[i] == '-')
            {
                _store.SetPassive(Find(i), new PassiveWord("x", _time.GetUtcNow(), _time.GetUtcNow().AddHours(1)));
            }
            else if (pool[i] == 'o')
            {
                _store.SetAdmin("web", $"d{i}", new AdminWord(AdminOrder.Maintenance, "anna", "", _time.GetUtcNow()));
            }
        }

        Assert.Equal(expected, OutlierDetector.MayEject(
            _options with { MostEjected = mostEjected }, _store.Current.Clusters[0], Find(0)));
    }

    [Fact]
    public async Task Failures_InARow_EjectForATimeThatGrows()
    {
        Apply(3, _options);

        await FailAsync(3);
        Assert.Equal("ejected: 3 failures in a row, the last ConnectRefused", Find(0).Judgement.Reason);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(Availability.InService, Find(0).Judgement.Availability);
        await FailAsync(3);
        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(Availability.Out, Find(0).Judgement.Availability);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(Availability.InService, Find(0).Judgement.Availability);
        Assert.Contains(_log.Lines, line => line.Contains("is ejected for 20 s, 2 in a row", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Failures_AfterARestart_LastTwiceAsLongAsBeforeIt()
    {
        Apply(3, _options);
        await FailAsync(3);
        _time.Advance(TimeSpan.FromSeconds(11));

        _store = Start(_store.Remember());
        Apply(3, _options);
        Assert.Equal(Availability.InService, Find(0).Judgement.Availability);
        await FailAsync(3);

        Assert.Equal((2, TimeSpan.FromSeconds(20)), (Find(0).Standing.Passive!.Ejections, Find(0).Standing.Passive!.Until - _time.GetUtcNow()));
    }

    [Fact]
    public void Failures_NotInARow_OrTheClients_EjectNobody()
    {
        Apply(3, _options);
        var state = Find(0).State;

        for (var i = 0; i < 100; i++)
        {
            state.CountFailure(FailureReason.ClientAborted);
            state.CountFailure(i % 2 == 0 ? FailureReason.ResponseBroken : FailureReason.ClientAborted);
            state.CountSuccess();
        }

        Assert.Equal(0, state.FailuresInARow);
        Assert.Equal(Availability.InService, Find(0).Judgement.Availability);
    }

    private ClusterStore Start(IEnumerable<RememberedStanding> remembered)
    {
        var store = new ClusterStore(_time);
        store.Recall(remembered);
        _ = new OutlierDetector(store, _log);
        return store;
    }

    private async Task FailAsync(int times)
    {
        for (var i = 0; i < times; i++)
        {
            Find(0).State.CountFailure(FailureReason.ConnectRefused);
        }

        await Eventually.TrueAsync(() => Find(0).Judgement.Availability == Availability.Out, "it is ejected");
    }

    private Destination Find(int index) => _store.Current.Clusters[0].Destinations[index];

    private void Apply(int count, PassiveOptions options) => _store.Apply(
        [
            new ClusterOptions
            {
                Id = "web",
                Passive = options,
                Destinations = [.. Enumerable.Range(0, count).Select(i =>
                    new DestinationOptions { Id = $"d{i}", Address = new Uri("http://192.0.2.1:80") })],
            },
        ],
        []);
}
