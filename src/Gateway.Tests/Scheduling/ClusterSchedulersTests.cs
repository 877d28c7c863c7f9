using Gateway.Clusters;
using Gateway.Scheduling;
using Gateway.Tests.Support;

namespace Gateway.Tests.Scheduling;

public class ClusterSchedulersTests
{
    private readonly ClusterStore _store = new(new FakeTime());

    // Two destinations of one id are what no part of Gateway makes; persistence cannot tell them apart, and throws.
    [Fact]
    public void Rebuild_OneClusterHasNoScheduler_TheOthersFollowAndItGoesOnAsItWas()
    {
        var schedulers = new ClusterSchedulers(_store, _store.Time);
        _store.Apply([Cluster("broken", "a"), Cluster("web", "a")], []);

        var failure = Assert.Throws<AggregateException>(() => _store.Apply([Cluster("broken", "b", "b"), Cluster("web", "c")], []));

        Assert.Contains("Cluster 'broken' has no new scheduler.", failure.Flatten().InnerExceptions.Select(e => e.Message));
        Assert.Equal("c", schedulers.Find("web")!.Bind(Pool.From("192.0.2.1"))!.Id);
        Assert.Equal("a", schedulers.Find("broken")!.Bind(Pool.From("192.0.2.1"))!.Id);
    }

    private static ClusterOptions Cluster(string id, params string[] destinations) => new()
    {
        Id = id,
        Persistence = new PersistenceOptions(),
        Destinations = [.. destinations.Select(name => new DestinationOptions { Id = name, Address = new Uri("tcp://192.0.2.9:80") })],
    };
}
