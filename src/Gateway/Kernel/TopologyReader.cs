using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Kernel.Netlink;
using Gateway.Kernel.Services;

namespace Gateway.Kernel;

/// <summary>Reads what planning must know of the machine.</summary>
internal static class TopologyReader
{
    private const string ForwardIPv4 = "net.ipv4.ip_forward";
    private const string ForwardIPv6 = "net.ipv6.conf.all.forwarding";

    public static Topology Read(RouteSocket routes, Snapshot snapshot, FeatureProbe features)
    {
        var devices = routes.Devices();
        var byIndex = devices.Values.ToDictionary(device => device.Index);
        var ways = new Dictionary<IPAddress, Way>();
        foreach (var cluster in snapshot.VirtualServers.Where(KernelPlan.IsWanted)
            .Select(server => snapshot.FindCluster(server.ClusterId)).OfType<Cluster>().Distinct())
        {
            foreach (var destination in cluster.Destinations)
            {
                if (destination.EndPoint is IPEndPoint { Address: var address } && !ways.ContainsKey(address))
                {
                    ways[address] = routes.Way(address) is { } way
                        ? new Way(byIndex.GetValueOrDefault(way.Device), way.IsNeighbour, way.Source)
                        : new Way(null, false);
                }
            }
        }

        var notRouting = new Dictionary<AddressFamily, string>();
        AddUnless(notRouting, AddressFamily.InterNetwork, ForwardIPv4);
        AddUnless(notRouting, AddressFamily.InterNetworkV6, ForwardIPv6);
        return new Topology
        {
            Devices = devices,
            Addresses = routes.Addresses(devices),
            Ways = ways,
            WhyNotDirect = features.WhyNotDirect,
            WhyNotNat = features.WhyNotNat,
            NotRouting = notRouting,
        };
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
