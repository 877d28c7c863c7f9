using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>Virtual addresses that Gateway assigns itself.</summary>
[Collection(Beds.Name)]
public sealed class VirtualAddressTests
{
    private static string Assigned => BedJson.Of("direct", "rr", [1], server: """, "Interface": "eth0", "AssignAddress": true""");

    [NamespaceFact]
    public async Task AssignAddress_IsAddedAnnouncedAndRemoved()
    {
        using var bed = new KernelBed(servers: 1, hasVirtualAddress: false);
        bed.Serve(BedJson.Tcp, BedJson.Udp);

        // A neighbour believes that somebody else has the address, as after a take-over.
        bed.Client.Ip("neigh replace 10.77.0.100 lladdr 02:00:00:00:00:99 dev eth0 nud stale");
        bed.Client.Ip("-6 neigh replace fd77::100 lladdr 02:00:00:00:00:99 dev eth0 nud stale");
        await using var gateway = await BedGateway.StartAsync(
            bed, Assigned, paths: 2);

        Assert.DoesNotContain("02:00:00:00:00:99", bed.Client.Exec("ip", "neigh"), StringComparison.Ordinal);
        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 2));
        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip6, BedJson.Tcp, 2));

        await gateway.StopAsync();
        AssertNothingIsLeft(bed);
    }

    [NamespaceFact]
    public async Task StopWhileStarting_LeavesNeitherAddressesNorRules()
    {
        using var bed = new KernelBed(servers: 1, hasVirtualAddress: false);
        await using var gateway = await BedGateway.BeginAsync(bed, Assigned);
        await Eventually.TrueAsync(() => gateway.Output.Contains("Virtual address", StringComparison.Ordinal), "addresses are added");

        await gateway.StopAsync();

        AssertNothingIsLeft(bed);
    }

    [NamespaceFact]
    public async Task StartThatFails_LeavesNeitherAddressesNorRules()
    {
        using var bed = new KernelBed(servers: 1, hasVirtualAddress: false);
        using var taken = bed.Director.Inside(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        taken.Bind(new IPEndPoint(IPAddress.Any, BedJson.Tcp));
        taken.Listen();
        await using var gateway = await BedGateway.BeginAsync(bed, Assigned);

        Assert.Equal(2, await gateway.Process.WaitForExitAsync());

        Assert.Contains("Virtual address", gateway.Output, StringComparison.Ordinal);
        AssertNothingIsLeft(bed);
    }

    [NamespaceTheory]
    [InlineData("taken off")]
    [InlineData("replaced")]
    [InlineData("set down")]
    public async Task AddressIsLost_ComesBackAndIsAnnounced(string how)
    {
        using var bed = new KernelBed(servers: 1, hasVirtualAddress: false);
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, Assigned, paths: 2);
        Assert.Equal("r1=1", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 1));
        Assert.Equal("r1=1", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip6, BedJson.Tcp, 1));

        switch (how)
        {
            case "taken off":
                bed.Director.Ip("addr del 10.77.0.100/32 dev eth0", "addr del fd77::100/128 dev eth0");
                break;
            case "replaced":
                bed.ReplaceFront();
                break;
            default:
                bed.FlapFront();
                break;
        }

        if (how != "set down")
        {
            // Neighbours believe that somebody else has the addresses now.
            bed.Client.Ip("neigh replace 10.77.0.100 lladdr 02:00:00:00:00:99 dev eth0 nud stale");
            bed.Client.Ip("-6 neigh replace fd77::100 lladdr 02:00:00:00:00:99 dev eth0 nud stale");
        }

        await Eventually.TrueAsync(() => HasBoth(bed), "both addresses are there again");
        await Eventually.TrueAsync(
            () => !bed.Client.Exec("ip", "neigh").Contains("02:00:00:00:00:99", StringComparison.Ordinal), "neighbours are told");
        await Eventually.TrueAsync(() => bed.Director.Exec("nft", "list", "ruleset").Contains("device \"eth0\" priority", StringComparison.Ordinal), "rules are there again");
        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 2));
        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip6, BedJson.Tcp, 2));

        await gateway.StopAsync();
        AssertNothingIsLeft(bed);
        Assert.DoesNotContain("not as they should be", gateway.Output, StringComparison.Ordinal);
    }

    private static bool HasBoth(KernelBed bed)
    {
        var addresses = bed.Director.Exec("ip", "addr", "show", "dev", "eth0");
        return addresses.Contains("10.77.0.100/32", StringComparison.Ordinal) && addresses.Contains("fd77::100/128", StringComparison.Ordinal);
    }

    private static void AssertNothingIsLeft(KernelBed bed)
    {
        var addresses = bed.Director.Exec("ip", "addr");
        Assert.DoesNotContain("10.77.0.100", addresses, StringComparison.Ordinal);
        Assert.DoesNotContain("fd77::100", addresses, StringComparison.Ordinal);
        Assert.DoesNotContain("gateway", bed.Director.Exec("nft", "list", "tables"), StringComparison.Ordinal);
    }
}
