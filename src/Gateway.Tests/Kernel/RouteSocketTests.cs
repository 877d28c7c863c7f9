using System.Net;
using Gateway.Kernel.Netlink;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

public sealed class RouteSocketTests : IDisposable
{
    private readonly NetworkNamespace? _namespace;

    public RouteSocketTests()
    {
        if (NetworkNamespace.WhyNot is not null)
        {
            return;
        }

        _namespace = new NetworkNamespace("routes");
        _namespace.Ip("link add eth0 type veth peer name eth1");
        _namespace.Ip("link set eth0 up");
        _namespace.Ip("link set eth1 up");
        _namespace.Ip("addr add 10.77.0.1/16 dev eth0");
        _namespace.Ip("addr add fd77::1/64 dev eth0 nodad");
        _namespace.Ip("route add 198.51.100.0/24 via 10.77.0.2");
    }

    [NamespaceFact]
    public void Ways_OfMoreAddressesThanOneQuestion_EachHasItsOwnAnswer()
    {
        // Every third has a way by a router, every third none at all.
        IPAddress[] addresses = [.. Enumerable.Range(2, 200).SelectMany(i => new[]
        {
            IPAddress.Parse($"10.77.1.{i}"), IPAddress.Parse($"198.51.100.{i}"), IPAddress.Parse($"203.0.113.{i}"),
        }), IPAddress.Parse("fd77::2"), IPAddress.Parse("2001:db8::2")];
        using var routes = _namespace!.Inside(() => new RouteSocket());
        var device = routes.Devices()["eth0"].Index;
        var source = IPAddress.Parse("10.77.0.1");

        var ways = routes.Ways(addresses);

        Assert.Equal(addresses.Length, ways.Length);
        for (var i = 0; i < 600; i += 3)
        {
            Assert.Equal(new RouteTo(device, true, source), ways[i]);
            Assert.Equal(new RouteTo(device, false, source), ways[i + 1]);
            Assert.Null(ways[i + 2]);
        }

        Assert.Equal(new RouteTo(device, true, IPAddress.Parse("fd77::1")), ways[600]);
        Assert.Null(ways[601]);
        Assert.Empty(routes.Ways([]));
    }

    public void Dispose() => _namespace?.Dispose();
}
