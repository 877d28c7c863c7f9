using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Kernel.Netlink;
using Gateway.Kernel.Services;

namespace Gateway.Kernel;

/// <summary>Reads what planning must know of the machine, and reads it again when the kernel announces a change: finding the
/// ways to a thousand destinations takes as long as changing rules a hundred times. Not for several threads at once.
/// </summary>
internal sealed class TopologyReader(TimeProvider time) : IDisposable
{
    private const string ForwardIPv4 = "net.ipv4.ip_forward";
    private const string ForwardIPv6 = "net.ipv6.conf.all.forwarding";

    /// <summary>Where routes change all the time, as under a routing daemon, they are read no more often.</summary>
    private static readonly TimeSpan _shortestInterval = TimeSpan.FromSeconds(1);

    /// <summary>All is read again after this time, should the kernel have kept something to itself.</summary>
    private static readonly TimeSpan _longestInterval = TimeSpan.FromSeconds(30);

    private readonly RouteSocket _routes = new();
    private readonly RouteMonitor _monitor = new();
    private Topology? _topology;
    private bool _isStale;
    private long _readAt;

    /// <summary>What is known now; the same object while nothing has changed.</summary>
    public Topology Read(Snapshot snapshot, FeatureProbe features)
    {
        // Asked before reading: what changes meanwhile is announced once more.
        _isStale |= _monitor.HasChanged();
        var age = time.GetElapsedTime(_readAt);
        if (_topology is null || (_isStale && age >= _shortestInterval) || age >= _longestInterval)
        {
            _isStale = false;
            _readAt = time.GetTimestamp();
            _topology = ReadAll(features);
        }

        if (NewWays(snapshot, _topology) is { } ways)
        {
            _topology = _topology with { Ways = ways };
        }

        return _topology;
    }

    public void Dispose()
    {
        _routes.Dispose();
        _monitor.Dispose();
    }

    private Topology ReadAll(FeatureProbe features)
    {
        var devices = _routes.Devices();
        var notRouting = new Dictionary<AddressFamily, string>();
        AddUnless(notRouting, AddressFamily.InterNetwork, ForwardIPv4);
        AddUnless(notRouting, AddressFamily.InterNetworkV6, ForwardIPv6);
        return new Topology
        {
            Devices = devices,
            Addresses = _routes.Addresses(devices),
            WhyNotDirect = features.WhyNotDirect,
            WhyNotNat = features.WhyNotNat,
            WhyNotStateless = features.WhyNotStateless,
            NotRouting = notRouting,
        };
    }

    /// <summary>The ways known, and those to destinations that are new; null when none is.</summary>
    private Dictionary<IPAddress, Way>? NewWays(Snapshot snapshot, Topology topology)
    {
        var addresses = new HashSet<IPAddress>();
        foreach (var cluster in snapshot.VirtualServers.Where(KernelPlan.IsWanted)
            .Select(server => snapshot.FindCluster(server.ClusterId)).OfType<Cluster>().Distinct())
        {
            foreach (var destination in cluster.Destinations)
            {
                if (destination.EndPoint is IPEndPoint { Address: var address } && !topology.Ways.ContainsKey(address))
                {
                    addresses.Add(address);
                }
            }
        }

        if (addresses.Count == 0)
        {
            return null;
        }

        IPAddress[] asked = [.. addresses];
        var found = _routes.Ways(asked);
        var byIndex = topology.Devices.Values.ToDictionary(device => device.Index);
        var ways = new Dictionary<IPAddress, Way>(topology.Ways);
        for (var i = 0; i < asked.Length; i++)
        {
            ways[asked[i]] = found[i] is { } way
                ? new Way(byIndex.GetValueOrDefault(way.Device), way.IsNeighbour, way.Source)
                : new Way(null, false);
        }

        return ways;
    }

    private static void AddUnless(Dictionary<AddressFamily, string> notRouting, AddressFamily family, string setting)
    {
        var file = "/proc/sys/" + setting.Replace('.', '/');
        if (!File.Exists(file) || File.ReadAllText(file).Trim() == "0")
        {
            notRouting[family] = setting;
        }
    }
}
