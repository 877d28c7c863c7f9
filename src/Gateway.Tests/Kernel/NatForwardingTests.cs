using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>NAT end to end: the program, real packets, clients and servers in namespaces.</summary>
[Collection(Beds.Name)]
public sealed class NatForwardingTests
{
    private const string Probed = """ "Probe": { "Kind": "tcp", "Interval": "00:00:01", "Timeout": "00:00:01", "Rise": 1, "Fall": 2 }, """;

    private const string Stateless = """, "Stateless": true""";

    [NamespaceTheory]
    [InlineData("", true)]
    [InlineData(", \"Masquerade\": true", false)]
    [InlineData(Stateless, true)]
    public async Task RoundRobin_BothFamiliesTcpAndUdp_SharesEqually(string keys, bool seesClient)
    {
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("nat", "rr", [1, 1, 1], server: keys, udp: true), paths: 4);

        foreach (var vip in new[] { KernelBed.Vip4, KernelBed.Vip6 })
        {
            Assert.Equal("r1=10 r2=10 r3=10", await DirectForwardingTests.SharesAsync(bed, vip, BedJson.Tcp, 30, isSeen: seesClient));
            Assert.Equal("r1=4 r2=4 r3=4", await DirectForwardingTests.SharesAsync(bed, vip, BedJson.Udp, 12, udp: true, isSeen: seesClient));
        }

        await gateway.MetricBecomesAsync(60, "gateway_destination_kernel_connections_total", "virtual_server=\"web\"");
        Assert.True(await gateway.MetricAsync("gateway_destination_kernel_received_packets_total", "virtual_server=\"web\"") >= 60 * 3);
        Assert.Equal(0, await gateway.MetricAsync("gateway_virtual_server_connections_total", "virtual_server=\"web\""));
    }

    [NamespaceTheory]
    [InlineData("4", "")]
    [InlineData("6", "")]
    [InlineData("4", Stateless)]
    [InlineData("6", Stateless)]
    public async Task Quiesce_Death_AndKill_MoveNoFlowThatCanGoOn(string family, string keys)
    {
        var vip = family == "4" ? KernelBed.Vip4 : KernelBed.Vip6;
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("nat", "rr", [1, 1, 1], Probed, keys, udp: true, families: family), paths: 2);
        await gateway.ReadyAsync(3);
        using var held = new HeldFlows();
        await held.OpenAsync(bed, vip, 6);
        using var datagrams = await BedClient.ConnectAsync(bed.Client, vip, BedJson.Udp, udp: true);
        var home = await datagrams.AskAsync();

        await gateway.ReloadAsync(BedJson.Of("nat", "rr", [1, 0, 1], Probed, keys, udp: true, families: family));
        Assert.Equal("r1=2 r3=2", await DirectForwardingTests.SharesAsync(bed, vip, BedJson.Tcp, 4));
        Assert.Equal("6 stayed", await held.AskAllAsync());
        Assert.Equal(home, await datagrams.AskAsync());

        bed.Programs["r3"].StopListening();
        await gateway.ReadyAsync(1);
        Assert.Equal("r1=4", await DirectForwardingTests.SharesAsync(bed, vip, BedJson.Tcp, 4));
        Assert.Equal("4 stayed, 2 of r3 reset", await held.AskAllAsync());

        await gateway.Process.KillAsync();
        Assert.Equal("4 stayed", await held.AskAllAsync());
        gateway.Run();
        await gateway.PathsAsync(2);
        Assert.Equal("4 stayed", await held.AskAllAsync());

        await gateway.StopAsync();
        Assert.DoesNotContain("gateway", bed.Director.Exec("nft", "list", "tables"), StringComparison.Ordinal);
    }

    [NamespaceFact]
    public async Task MachineThatPassesNothingOn_IsRelayed_AndTheSettingNamed()
    {
        using var bed = new KernelBed(servers: 1);
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        bed.Director.Set("net.ipv4.ip_forward=0");
        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("nat", "rr", [1], families: "4"), paths: 0);
        await Eventually.TrueAsync(() => gateway.Output.Contains("net.ipv4.ip_forward", StringComparison.Ordinal), "the reason is told");

        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 2, isSeen: false));

        bed.Director.Set("net.ipv4.ip_forward=1");
        await gateway.PathsAsync(1);
    }
}
