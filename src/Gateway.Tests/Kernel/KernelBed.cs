using System.Globalization;
using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>
/// A client, a machine for Gateway, and servers, each in a network namespace, on a segment of all and one behind Gateway.
/// </summary>
/// <remarks>
/// Front, 10.77.0.0/16 and fd77::/64: client .2, Gateway .1 with the virtual address .100, servers .11, .12, ... Back,
/// 10.78.0.0/24 and fd78::/64: Gateway .1, the servers again, which answer from there by way of Gateway. Servers have the
/// virtual address on lo and keep quiet about it.
/// </remarks>
internal sealed class KernelBed : IDisposable
{
    public static readonly IPAddress Vip4 = IPAddress.Parse("10.77.0.100");
    public static readonly IPAddress Vip6 = IPAddress.Parse("fd77::100");

    private readonly NetworkNamespace _switch;
    private readonly List<IDisposable> _all = [];
    private int _ports;

    /// <param name="servers">How many.</param>
    /// <param name="hasVirtualAddress">Whether Gateway's machine has the virtual address.</param>
    /// <param name="areServersSetUp">Whether the servers have it too, and keep quiet about it.</param>
    public KernelBed(int servers = 3, bool hasVirtualAddress = true, bool areServersSetUp = true)
    {
        try
        {
            _switch = Own(new NetworkNamespace("sw"));
            AddBridge("br0");
            AddBridge("br1");
            Client = Host("cl");
            Attach(Client, "eth0", "br0");
            Give(Client, "eth0", "10.77.0.2/16", "fd77::2/64");
            Client.Ip([.. Enumerable.Range(1, 40).Select(i => $"addr add 10.77.1.{i}/16 dev eth0")]);

            Director = Host("gw");
            AttachDirector();
            Attach(Director, "eth1", "br1");
            Give(Director, "eth1", "10.78.0.1/24", "fd78::1/64");
            if (hasVirtualAddress)
            {
                Director.Ip("addr add 10.77.0.100/32 dev eth0", "-6 addr add fd77::100/128 dev eth0 nodad preferred_lft 0");
            }

            Director.Set("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
            for (var i = 1; i <= servers; i++)
            {
                AddServer(i, areServersSetUp);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public NetworkNamespace Client { get; }

    /// <summary>Where Gateway runs.</summary>
    public NetworkNamespace Director { get; }

    public List<NetworkNamespace> Servers { get; } = [];

    /// <summary>The answering programs of each server, by its name.</summary>
    public Dictionary<string, BedServer> Programs { get; } = [];

    /// <summary>Starts servers that say who they are and whom they see, on these ports.</summary>
    public void Serve(int tcp, int udp, bool hasVirtualAddress = true)
    {
        for (var i = 1; i <= Servers.Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"r{i}");
            string[] own = [$"10.77.0.{10 + i}", $"fd77::{10 + i}", $"10.78.0.{10 + i}", $"fd78::{10 + i}"];
            Programs[name] = Own(new BedServer(
                Servers[i - 1], name, tcp, udp,
                [.. own.Concat(hasVirtualAddress ? ["10.77.0.100", "fd77::100"] : []).Select(IPAddress.Parse)]));
        }
    }

    /// <summary>A client, 10.79.0.2 and fd79::2, behind a router that passes smaller packets to it than everybody else sends.
    /// </summary>
    public NetworkNamespace AddFarClient(int mtu)
    {
        var router = Host("rt");
        Attach(router, "eth0", "br0");
        Give(router, "eth0", "10.77.0.3/16", "fd77::3/64");
        router.Set("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        var client = Host("far");
        client.Ip($"link add eth0 type veth peer name eth1 netns {router.Name}", "link set eth0 up");
        router.Ip($"link set eth1 mtu {mtu} up");
        Give(router, "eth1", "10.79.0.1/24", "fd79::1/64");
        Give(client, "eth0", "10.79.0.2/24", "fd79::2/64");
        client.Ip("route add default via 10.79.0.1", "-6 route add default via fd79::1");
        Director.Ip("route add 10.79.0.0/24 via 10.77.0.3", "-6 route add fd79::/64 via fd77::3");
        return client;
    }

    /// <summary>Takes the front interface of Gateway's machine away and makes it anew, with another hardware address.</summary>
    public void ReplaceFront()
    {
        Director.Ip("link del eth0");
        AttachDirector();
    }

    /// <summary>Sets the front interface of Gateway's machine down and up again.</summary>
    public void FlapFront()
    {
        Director.Ip("link set eth0 down", "link set eth0 up", "-6 addr add fd77::1/64 dev eth0 nodad");
    }

    public void Dispose()
    {
        _all.Reverse();
        foreach (var thing in _all)
        {
            thing.Dispose();
        }

        _all.Clear();
    }

    private void AttachDirector()
    {
        Attach(Director, "eth0", "br0");
        Give(Director, "eth0", "10.77.0.1/16", "fd77::1/64");
    }

    private void AddServer(int number, bool isSetUp)
    {
        var server = Host(string.Create(CultureInfo.InvariantCulture, $"r{number}"));
        if (isSetUp)
        {
            server.Set("net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2");
        }

        Attach(server, "eth0", "br0");
        Attach(server, "eth1", "br1");
        server.Set("net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.eth0.rp_filter=0", "net.ipv4.conf.eth1.rp_filter=0");

        Give(server, "eth0", $"10.77.0.{10 + number}/16", $"fd77::{10 + number}/64");
        Give(server, "eth1", $"10.78.0.{10 + number}/24", $"fd78::{10 + number}/64");
        if (isSetUp)
        {
            Give(server, "lo", "10.77.0.100/32", "fd77::100/128");
        }

        foreach (var (family, net, router) in new[] { ("", "10.78.0.0/24", "10.78.0.1"), ("-6 ", "fd78::/64", "fd78::1") })
        {
            server.Ip(
                $"{family}rule add from {net} lookup 78", $"{family}route add {net} dev eth1 table 78",
                $"{family}route add default via {router} dev eth1 table 78");
        }

        Servers.Add(server);
    }

    private NetworkNamespace Host(string role)
    {
        var host = Own(new NetworkNamespace(role));
        host.Set("net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0");
        return host;
    }

    private void AddBridge(string name)
    {
        _switch.Ip($"link add {name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0", $"link set {name} up");
    }

    private void Attach(NetworkNamespace host, string device, string bridge)
    {
        var port = $"p{++_ports}{bridge}";
        host.Ip($"link add {device} type veth peer name {port} netns {_switch.Name}");
        _switch.Ip($"link set {port} master {bridge} up");
        host.Ip($"link set {device} up");
    }

    private static void Give(NetworkNamespace host, string device, string address4, string address6)
    {
        host.Ip($"addr add {address4} dev {device}", $"-6 addr add {address6} dev {device} nodad");
    }

    private T Own<T>(T thing)
        where T : IDisposable
    {
        _all.Add(thing);
        return thing;
    }
}
