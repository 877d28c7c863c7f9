using Gateway.Clusters;
using Gateway.Probing;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Probing;

public class VerdictQueueTests
{
    private readonly ClusterStore _store = new(new FakeTime());

    [Fact]
    public async Task Tell_WhileAnotherIsBeingTold_ReturnsAtOnceAndIsInTheNextSnapshotWithAllOthers()
    {
        Apply(100);
        var queue = new VerdictQueue(_store, NullLogger.Instance);
        using var isTelling = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var first = _store.Current.Revision + 1;
        _store.Subscribe(snapshot =>
        {
            if (snapshot.Revision == first)
            {
                isTelling.Set();
                goOn.Wait();
            }
        });

        var telling = Task.Run(() => queue.Tell(Word(0, ProbeVerdict.Down)));
        Assert.True(isTelling.Wait(TimeSpan.FromSeconds(20)));
        for (var i = 1; i < 100; i++)
        {
            queue.Tell(Word(i, ProbeVerdict.Up));
        }

        queue.Tell(Word(99, ProbeVerdict.Down));
        goOn.Set();
        await telling;

        Assert.Equal(first + 1, _store.Current.Revision);
        Assert.Equal(
            [ProbeVerdict.Down, .. Enumerable.Repeat(ProbeVerdict.Up, 98), ProbeVerdict.Down],
            _store.Current.Clusters[0].Destinations.Select(d => d.Standing.Probe));
    }

    [Fact]
    public void Tell_NobodyElseTells_IsThereWhenItReturns()
    {
        Apply(2);

        new VerdictQueue(_store, NullLogger.Instance).Tell(Word(1, ProbeVerdict.Up));

        Assert.Equal([ProbeVerdict.Pending, ProbeVerdict.Up], _store.Current.Clusters[0].Destinations.Select(d => d.Standing.Probe));
    }

    private ProbeWord Word(int index, ProbeVerdict verdict) => new(_store.Current.Clusters[0].Destinations[index], verdict, "x");

    private void Apply(int count) => _store.Apply(
        [
            new ClusterOptions
            {
                Id = "web",
                Probe = new ProbeOptions(),
                Destinations = [.. Enumerable.Range(0, count).Select(i => new DestinationOptions { Id = $"d{i}", Address = new Uri("http://192.0.2.1:80") })],
            },
        ],
        []);
}
