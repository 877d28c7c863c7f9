using System.Net;
using Gateway.Clusters;
using Gateway.Kernel.Rules;
using Gateway.Kernel.Services;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>One configuration and state of affairs, and what the kernel would be given for it.</summary>
internal sealed class Situation
{
    private readonly ClusterStore _store = new(new FakeTime());
    private readonly List<ClusterOptions> _clusters = [];
    private readonly List<VirtualServerOptions> _servers = [];
    private IReadOnlyList<ForwardedService> _before = [];

    /// <summary>Clients and servers of one segment on eth0, where the virtual addresses are; another segment on eth1; a
    /// router beyond.</summary>
    public Topology Topology { get; set; } = OnTwoSegments();

    /// <summary>Whether the rules are to know all flows of the relay.</summary>
    public bool KnowsRelayed { get; set; } = true;

    public IReadOnlyList<Cluster> Clusters => _store.Current.Clusters;

    public Situation With(
        string id, string listen, string scheduler, string destinations,
        Func<VirtualServerOptions, VirtualServerOptions>? change = null,
        Func<ClusterOptions, ClusterOptions>? changeCluster = null)
    {
        var server = new VirtualServerOptions
        {
            Id = id,
            ClusterId = id,
            Listen = [.. listen.Split(' ').Select(IPEndPoint.Parse)],
            Forwarding = "direct",
        };
        var cluster = new ClusterOptions
        {
            Id = id,
            Scheduler = new SchedulerOptions { Name = scheduler },
            Destinations = [.. destinations.Split(' ').Select(ToDestination)],
        };
        _servers.Add(change?.Invoke(server) ?? server);
        _clusters.Add(changeCluster?.Invoke(cluster) ?? cluster);
        _store.Apply(_clusters, _servers);
        return this;
    }

    public Situation Down(string cluster, string destination)
    {
        _store.SetProbe(_store.Current.FindCluster(cluster)!.Find(destination)!, ProbeVerdict.Down, "refused");
        return this;
    }

    public Situation Agent(string cluster, string destination, AgentOrder order)
    {
        _store.SetAgent(_store.Current.FindCluster(cluster)!.Find(destination)!, new AgentWord(order, "it said so", DateTimeOffset.UnixEpoch));
        return this;
    }

    public KernelPlan Plan()
    {
        var plan = KernelPlan.Of(_store.Current, Topology, _before, DateTimeOffset.UnixEpoch, _ => KnowsRelayed);
        _before = plan.Services;
        return plan;
    }

    public IEnumerable<NftTable> Tables()
    {
        var services = Plan().Services;
        return new[] { DirectTable.Of(services), NatTable.Of(services) }.OfType<NftTable>();
    }

    private static Topology OnTwoSegments()
    {
        Device eth0 = new("eth0", 2), eth1 = new("eth1", 3);
        return new Topology
        {
            Devices = new Dictionary<string, Device> { ["eth0"] = eth0, ["eth1"] = eth1 },
            Addresses = new Dictionary<IPAddress, Device>
            {
                [IPAddress.Parse("10.77.0.100")] = eth0,
                [IPAddress.Parse("10.77.0.101")] = eth0,
                [IPAddress.Parse("fd77::100")] = eth0,
            },
            Ways = Enumerable.Range(11, 9).SelectMany(i => new (string, Way)[]
                {
                    ($"10.77.0.{i}", new Way(eth0, true)), ($"fd77::{i}", new Way(eth0, true)),
                    ($"10.78.0.{i}", new Way(eth1, true)), ($"fd78::{i}", new Way(eth1, true)),
                    ($"192.0.2.{i}", new Way(eth0, false)),
                })
                .ToDictionary(way => IPAddress.Parse(way.Item1), way => way.Item2),
        };
    }

    // a=10.77.0.11:80*3 is destination a with weight 3; a ! before it makes it a backup, two one of the second rank.
    private static DestinationOptions ToDestination(string text)
    {
        var parts = text.TrimStart('!').Split('=', '*');
        return new DestinationOptions
        {
            Id = parts[0],
            Address = new Uri("tcp://" + parts[1]),
            Weight = parts.Length > 2 ? int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture) : 1,
            Backup = text.StartsWith('!'),
            BackupRank = text.StartsWith("!!", StringComparison.Ordinal) ? 2 : 1,
        };
    }
}
