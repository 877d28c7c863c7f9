using System.Text.RegularExpressions;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>Maps of flows and clients at their limits.</summary>
[Collection(Beds.Name)]
public sealed partial class FlowMapTests
{
    private const int MaxFlows = 64;
    private const string Small = """ "Kernel": { "MaxFlows": 64 }, """;

    [NamespaceFact]
    public async Task FullMap_FlowsBeyondAreLedByHash_NoneBreaks()
    {
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("direct", "rr", [1, 1, 1], more: Small), paths: 2);
        foreach (var chain in new[] { "web_4", "web_6" })
        {
            await Eventually.TrueAsync(
                () => bed.Director.Exec("nft", "list", "chain", "netdev", "gateway", chain).Contains($"@{chain}_slots", StringComparison.Ordinal),
                "flows of the relay are known, and others led by hash");
        }

        using var held = new HeldFlows();
        await held.OpenAsync(bed, KernelBed.Vip4, MaxFlows + 40);
        await held.OpenAsync(bed, KernelBed.Vip6, MaxFlows + 40);

        Assert.Equal(MaxFlows, Elements(bed, "web_4_flows"));
        Assert.Equal(MaxFlows, Elements(bed, "web_6_flows"));
        Assert.Equal("208 stayed", await held.AskAllAsync());
        Assert.Equal("208 stayed", await held.AskAllAsync());
        Assert.Equal(0, await gateway.MetricAsync("gateway_virtual_server_connections_total"));
    }

    [NamespaceFact]
    public async Task FullMap_WithoutConnectionTracking_FlowsBeyondAreRelayed_NoneBreaks()
    {
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(
            bed, BedJson.Of("nat", "rr", [1, 1, 1], server: """, "Stateless": true""", more: Small), paths: 2);

        using var held = new HeldFlows();
        await held.OpenAsync(bed, KernelBed.Vip4, MaxFlows + 20);
        await held.OpenAsync(bed, KernelBed.Vip6, MaxFlows + 20);

        Assert.Equal(MaxFlows, Elements(bed, "web_4_flows", "inet"));
        Assert.Equal(MaxFlows, Elements(bed, "web_6_flows", "inet"));
        Assert.Equal("168 stayed", await held.AskAllAsync());
        await gateway.MetricBecomesAsync(40, "gateway_virtual_server_connections_total", "virtual_server=\"web\"");
        Assert.Equal("168 stayed", await held.AskAllAsync());
    }

    [NamespaceTheory]
    [InlineData("direct", "")]
    [InlineData("nat", "")]
    [InlineData("nat", """, "Stateless": true""")]
    public async Task Persistence_MaskAndTimeout_GroupClientsAndForgetThem(string forwarding, string keys)
    {
        var family = forwarding == "nat" ? "inet" : "netdev";
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(
            bed, BedJson.Of(forwarding, "rr", [1, 1, 1], """ "Persistence": { "Timeout": "00:00:03", "Mask4": 28 }, """, keys, families: "4"), paths: 1);

        // 10.77.1.1 to .15, .16 to .31 and .32 to .40 are a client each.
        var homes = (await DirectForwardingTests.HomesAsync(bed, 40)).Values.ToArray();
        string[] groups = [Assert.Single(homes[..15].Distinct()), Assert.Single(homes[15..31].Distinct()), Assert.Single(homes[31..].Distinct())];
        Assert.Equal(3, groups.Distinct().Count());

        // Once forgotten, the second of them is the first to come back, and gets what comes next in turn.
        await Eventually.TrueAsync(() => Elements(bed, "web_4_clients", family) == 0, "clients are forgotten");
        using var client = await BedClient.ConnectAsync(bed.Client, KernelBed.Vip4, BedJson.Tcp, from: "10.77.1.20");
        Assert.Equal(groups[0], await client.AskAsync());
    }

    [GeneratedRegex("expires")]
    private static partial Regex Element();

    private static int Elements(KernelBed bed, string map, string family = "netdev") =>
        Element().Count(bed.Director.Exec("nft", "list", "map", family, "gateway", map));
}
