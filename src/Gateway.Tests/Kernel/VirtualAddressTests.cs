using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>Virtual addresses that Gateway assigns itself.</summary>
[Collection(Alone.Name)]
public sealed class VirtualAddressTests
{
    [NamespaceFact]
    public async Task AssignAddress_IsAddedAnnouncedAndRemoved()
    {
        using var bed = new KernelBed(servers: 1, hasVirtualAddress: false);
        bed.Serve(BedJson.Tcp, BedJson.Udp);

        // A neighbour believes that somebody else has the address, as after a take-over.
        bed.Client.Ip("neigh replace 10.77.0.100 lladdr 02:00:00:00:00:99 dev eth0 nud stale");
        bed.Client.Ip("-6 neigh replace fd77::100 lladdr 02:00:00:00:00:99 dev eth0 nud stale");
        await using var gateway = await BedGateway.StartAsync(
            bed, BedJson.Of("direct", "rr", [1], server: """, "Interface": "eth0", "AssignAddress": true"""), paths: 2);

        Assert.DoesNotContain("02:00:00:00:00:99", bed.Client.Exec("ip", "neigh"), StringComparison.Ordinal);
        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 2));
        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip6, BedJson.Tcp, 2));

        await gateway.StopAsync();
        Assert.DoesNotContain("10.77.0.100", bed.Director.Exec("ip", "addr"), StringComparison.Ordinal);
        Assert.DoesNotContain("fd77::100", bed.Director.Exec("ip", "addr"), StringComparison.Ordinal);
    }
}
