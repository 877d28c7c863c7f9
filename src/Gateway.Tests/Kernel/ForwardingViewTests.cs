using System.Text.Json.Nodes;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>What operators see of forwarding by the kernel: the console, by the API, of the program in a namespace.</summary>
[Collection(Beds.Name)]
public sealed class ForwardingViewTests
{
    [NamespaceFact]
    public async Task PathsAndCounters_AreShown_AndTheReasonWhenTheRelayServes()
    {
        using var bed = new KernelBed(servers: 2);
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("nat", "rr", [1, 1], families: "4"), paths: 1);
        Assert.Equal("r1=3 r2=3", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 6));
        using var held = new HeldFlows();
        await held.OpenAsync(bed, KernelBed.Vip4, 2);
        await gateway.MetricBecomesAsync(4, "gateway_destination_kernel_connections_total", "destination=\"r1\"");
        await gateway.MetricBecomesAsync(1, "gateway_destination_kernel_active_connections", "destination=\"r1\"");
        Assert.True(await gateway.MetricAsync("gateway_destination_kernel_sent_bytes_total", "destination=\"r1\"") > 4 * 40);

        var server = JsonNode.Parse(gateway.Console("virtual-servers", "web", "--json"))!;
        Assert.Equal(("kernel", "nat", "ipv4", ""), (
            (string)server["paths"]![0]!["path"]!, (string)server["paths"]![0]!["forwarding"]!, (string)server["paths"]![0]!["family"]!,
            (string)server["paths"]![0]!["reason"]!));
        Assert.Equal(8, (int)server["kernel"]!["connections"]!);
        var r1 = server["destinations"]!.AsArray().Single(d => (string)d!["destination"]! == "r1")!["counters"]!;
        Assert.Equal(4, (int)r1["connections"]!);
        Assert.All((string[])["packetsSent", "packetsReceived", "bytesSent", "bytesReceived"], name => Assert.True((long)r1[name]! > 0, name));

        var shown = gateway.Console("show", "web");
        Assert.Contains("web IPv4: nat, by the kernel", shown, StringComparison.Ordinal);
        Assert.Contains("bytes out", shown, StringComparison.Ordinal);
        Assert.Contains("forwarding", gateway.Console("status"), StringComparison.Ordinal);
        Assert.Equal("4", $"{JsonNode.Parse(gateway.Console("show", "web", "--json"))!["destinations"]![0]!["kernel"]!["connections"]}");

        await gateway.ReloadAsync(BedJson.Of("nat", "lblc", [1, 1], families: "4"));
        var status = JsonNode.Parse(gateway.Console("status", "--json"))!["kernel"]!;
        Assert.Equal(("relay", "scheduler lblc has no form in the kernel"), (
            (string)status["paths"]![0]!["path"]!, (string)status["paths"]![0]!["reason"]!));
        Assert.Contains("relayed, not nat: scheduler lblc has no form in the kernel", gateway.Console("virtual-servers"), StringComparison.Ordinal);
        Assert.Null(JsonNode.Parse(gateway.Console("virtual-servers", "web", "--json"))!["kernel"]);
    }

    [NamespaceFact("setpriv")]
    public async Task WithTheCapabilitiesOfTheContainer_TheKernelServes_AndTheAddressIsAnnounced()
    {
        using var bed = new KernelBed(servers: 1, hasVirtualAddress: false);
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        bed.Client.Ip("neigh replace 10.77.0.100 lladdr 02:00:00:00:00:99 dev eth0 nud stale");
        await using var gateway = await BedGateway.BeginAsync(
            bed, BedJson.Of("direct", "rr", [1], server: """, "Interface": "eth0", "AssignAddress": true"""),
            "setpriv", "--bounding-set", "-all,+net_admin,+net_raw,+net_bind_service", "--inh-caps", "-all");
        await gateway.PathsAsync(2);

        Assert.DoesNotContain("02:00:00:00:00:99", bed.Client.Exec("ip", "neigh"), StringComparison.Ordinal);
        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 2));
        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip6, BedJson.Tcp, 2));
    }

    [NamespaceFact("setpriv")]
    public async Task WithoutTheCapability_TheRelayServes_AndTheReasonIsShown()
    {
        using var bed = new KernelBed(servers: 1);
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.BeginAsync(
            bed, BedJson.Of("direct", "rr", [1]), "setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin");
        await Eventually.TrueAsync(() => gateway.Output.Contains("Application started", StringComparison.Ordinal), $"Gateway starts; {gateway.Output}");

        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 2, isSeen: false));
        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip6, BedJson.Tcp, 2, isSeen: false));

        var paths = JsonNode.Parse(gateway.Console("status", "--json"))!["kernel"]!["paths"]!.AsArray();
        Assert.Equal(["ipv4", "ipv6"], paths.Select(path => (string)path!["family"]!));
        Assert.All(paths, path => Assert.Contains("it needs the capability NET_ADMIN", (string)path!["reason"]!, StringComparison.Ordinal));
        Assert.DoesNotContain("gateway", bed.Director.Exec("nft", "list", "tables"), StringComparison.Ordinal);
    }
}
