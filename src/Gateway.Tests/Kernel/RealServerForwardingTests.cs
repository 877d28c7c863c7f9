using Gateway.Kernel.RealServers;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>Servers that <c>gateway realserver</c> set up, behind direct forwarding.</summary>
[Collection(Beds.Name)]
public sealed class RealServerForwardingTests
{
    [NamespaceTheory]
    [InlineData(RealServerMethod.Arp)]
    [InlineData(RealServerMethod.Redirect)]
    public async Task Applied_ServersServe_AndUndoneNoMore(object method)
    {
        var isArp = (RealServerMethod)method == RealServerMethod.Arp;
        using var bed = new KernelBed(servers: 2, areServersSetUp: false);
        string[] words = ["realserver", "--vip", "10.77.0.100", "fd77::100", "--method", isArp ? "arp" : "redirect"];
        foreach (var server in bed.Servers)
        {
            Assert.NotNull(Record.Exception(() => BedGateway.RunIn(server, [.. words, "--check"])));
            BedGateway.RunIn(server, [.. words, "--apply"]);
            BedGateway.RunIn(server, [.. words, "--check"]);
        }

        bed.Serve(BedJson.Tcp, BedJson.Udp, hasVirtualAddress: isArp);
        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("direct", "rr", [1, 1], udp: true), paths: 4);
        foreach (var vip in new[] { KernelBed.Vip4, KernelBed.Vip6 })
        {
            Assert.Equal("r1=4 r2=4", await DirectForwardingTests.SharesAsync(bed, vip, BedJson.Tcp, 8));
            Assert.Equal("r1=4 r2=4", await DirectForwardingTests.SharesAsync(bed, vip, BedJson.Udp, 8, udp: true));
        }

        // The segment still believes that the address is Gateway's.
        bed.Client.Ip("neigh flush dev eth0", "-6 neigh flush dev eth0");
        Assert.Equal("r1=4 r2=4", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 8));
        Assert.Equal("r1=4 r2=4", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip6, BedJson.Tcp, 8));
        Assert.Equal(0, await gateway.MetricAsync("gateway_virtual_server_connections_total"));

        BedGateway.RunIn(bed.Servers[0], [.. words, "--undo", "--apply"]);
        Assert.NotNull(Record.Exception(() => BedGateway.RunIn(bed.Servers[0], [.. words, "--check"])));
    }
}
