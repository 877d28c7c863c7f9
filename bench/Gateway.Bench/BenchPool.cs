using System.Net;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Bench;

/// <summary>A cluster of so many loaded destinations, and flows from a thousand clients for a thousand contents.</summary>
internal sealed class BenchPool
{
    public const int FlowMask = 1023;

    public BenchPool(string scheduler, int count)
    {
        // The loads stay below the weights, or ovf would refuse; no two neighbours have the same weight.
        var random = new Random(1);
        var options = new ClusterOptions
        {
            Id = "bench",
            Destinations = [.. Enumerable.Range(0, count).Select(i => new DestinationOptions
            {
                Id = $"d{i:d5}",
                Address = new Uri($"http://10.1.{i / 250}.{1 + (i % 250)}:80"),
                Weight = 20 + (i * 7 % 23),
            })],
            Scheduler = new SchedulerOptions { Name = scheduler },
        };
        var store = new ClusterStore(TimeProvider.System);
        var schedulers = new ClusterSchedulers(store);
        store.Apply([options], []);
        Cluster = store.Current.FindCluster("bench")!;
        foreach (var destination in Cluster.Destinations)
        {
            for (var flows = 1 + random.Next(15); flows > 0; flows--)
            {
                destination.State.Bind();
            }
        }

        ClusterScheduler = schedulers.Find("bench")!;
        Flows = [.. Enumerable.Range(0, FlowMask + 1).Select(i => new Flow(
            new IPAddress([10, 9, (byte)(i / 250), (byte)(i % 250)]), 40000 + i, IPAddress.Loopback, 80,
            FlowKey.OfText($"/content/{i}")))];
    }

    public Cluster Cluster { get; }

    /// <summary>The whole way of a flow.</summary>
    public ClusterScheduler ClusterScheduler { get; }

    /// <summary>A scheduler alone. It takes the destinations' seats, so the cluster's must not be measured after.</summary>
    public IScheduler CreateScheduler() => Schedulers.Create(
        Cluster.Options.Scheduler, [.. Cluster.Destinations], TimeProvider.System, Random.Shared);

    public Flow[] Flows { get; }
}
