using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>NAT without connection tracking end to end; what it has in common with other NAT is in the tests of that.</summary>
[Collection(Beds.Name)]
public sealed partial class StatelessForwardingTests
{
    private const int VirtualTcp = 8080;
    private const int VirtualUdp = 5300;

    /// <summary>A firewall as machines have it, which lets nothing pass that connection tracking knows; another rule of the
    /// machine would hide clients.</summary>
    private const string Firewall = """
        table inet firewall {
          counter tracked { }
          counter invalid { }
          chain forward { type filter hook forward priority 0; policy drop;
            ct state untracked accept
            ct state invalid counter name "invalid" drop
            counter name "tracked"
          }
          chain input { type filter hook input priority 0; ct state invalid counter name "invalid" drop; }
          chain output { type filter hook output priority 0; ct state invalid counter name "invalid" drop; }
          chain post { type nat hook postrouting priority 100; oifname "eth1" masquerade; }
        }
        """;

    [NamespaceTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OtherPorts_BothFamiliesTcpAndUdp_NothingIsTracked_AndChecksumsAreRight(bool isOffloaded)
    {
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        bed.Director.ExecWith(Firewall, "nft", "-f", "-");
        if (!isOffloaded)
        {
            // Checksums are made by the sender, and not left to a network card that is not there.
            foreach (var host in bed.Servers.Append(bed.Client))
            {
                SoftwareChecksums.Use(host, "eth0");
                SoftwareChecksums.Use(host, "eth1");
            }
        }

        await using var gateway = await BedGateway.StartAsync(bed, Json(), paths: 4);
        foreach (var vip in new[] { KernelBed.Vip4, KernelBed.Vip6 })
        {
            Assert.Equal("r1=4 r2=4 r3=4", await DirectForwardingTests.SharesAsync(bed, vip, VirtualTcp, 12));
            Assert.Equal("r1=2 r2=2 r3=2", await DirectForwardingTests.SharesAsync(bed, vip, VirtualUdp, 6, udp: true));
        }

        foreach (var counter in new[] { "tracked", "invalid" })
        {
            Assert.Contains("packets 0 ", bed.Director.Exec("nft", "list", "counter", "inet", "firewall", counter), StringComparison.Ordinal);
        }

        await gateway.MetricBecomesAsync(24, "gateway_destination_kernel_connections_total", "virtual_server=\"web\"");
        await gateway.MetricBecomesAsync(0, "gateway_destination_kernel_active_connections", "virtual_server=\"web\"");
        Assert.True(await gateway.MetricAsync("gateway_destination_kernel_received_packets_total", "virtual_server=\"web\"") >= 24 * 3);
        Assert.Equal(0, await gateway.MetricAsync("gateway_virtual_server_connections_total", "virtual_server=\"web\""));
        Assert.Contains("web IPv6: nat, by the kernel: without connection tracking", gateway.Console("virtual-servers", "web"), StringComparison.Ordinal);
    }

    [NamespaceTheory]
    [InlineData("4")]
    [InlineData("6")]
    public async Task PacketsThatAreNoAnswers_KeepTheirSource(string family)
    {
        var (vip, server, _) = Addresses(family);
        using var bed = new KernelBed(servers: 2);
        bed.Client.Set("net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.eth0.rp_filter=0");
        using var bulk = new BulkServer(bed.Servers[0], server, BedJson.Tcp, BedJson.Udp);
        using var other = new BulkServer(bed.Servers[1], IPAddress.Parse(family == "4" ? "10.78.0.12" : "fd78::12"), BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, Json(family, servers: 1, second: 0), paths: 2);
        var any = family == "4" ? IPAddress.Any : IPAddress.IPv6Any;
        using var client = bed.Client.Inside(() => new Socket(vip.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        client.Bind(new IPEndPoint(IPAddress.Parse(family == "4" ? "10.77.0.2" : "fd77::2"), 0));
        var local = client.LocalEndPoint!;

        // Before the client has a flow, from the server of none, and from another than the flow's.
        await bulk.Datagrams.SendToAsync(new byte[3], local);
        Assert.Equal(new IPEndPoint(server, BedJson.Udp), await SourceAsync());
        await client.SendToAsync(new byte[3], new IPEndPoint(vip, VirtualUdp));
        Assert.Equal(new IPEndPoint(vip, VirtualUdp), await SourceAsync());
        await other.Datagrams.SendToAsync(new byte[3], local);
        Assert.Equal(other.Datagrams.LocalEndPoint, await SourceAsync());
        await bulk.Datagrams.SendToAsync(new byte[3], local);
        Assert.Equal(new IPEndPoint(vip, VirtualUdp), await SourceAsync());

        async Task<EndPoint> SourceAsync()
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            return (await client.ReceiveFromAsync(new byte[10], SocketFlags.None, new IPEndPoint(any, 0), deadline.Token)).RemoteEndPoint;
        }
    }

    [NamespaceFact]
    public async Task ProgramsOnGatewaysMachine_AreRelayed()
    {
        using var bed = new KernelBed(servers: 1);
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, Json(servers: 1), paths: 4);

        foreach (var vip in new[] { KernelBed.Vip4, KernelBed.Vip6 })
        {
            using var local = await BedClient.ConnectAsync(bed.Director, vip, VirtualTcp);
            Assert.Equal("r1", await local.AskAsync(isSeen: false));
        }
    }

    [NamespaceFact]
    public async Task Hashed_RulesGoneAndBack_FlowsGoOn_AndThoseOfTheRelayToo()
    {
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, Json(scheduler: "sh"), paths: 4);
        using var held = new HeldFlows();
        await held.OpenAsync(bed, KernelBed.Vip4, 4, VirtualTcp);
        await held.OpenAsync(bed, KernelBed.Vip6, 4, VirtualTcp);

        await gateway.StopAsync();
        Assert.DoesNotContain("gateway", bed.Director.Exec("nft", "list", "tables"), StringComparison.Ordinal);
        gateway.Run();
        await gateway.PathsAsync(4);
        await UnknownAreLedAsync();
        Assert.Equal("8 stayed", await held.AskAllAsync());

        // The relay's connections from before the rules stay the relay's.
        await gateway.ReloadAsync(Json(scheduler: "lblc"));
        using var relayed = new HeldFlows();
        await relayed.OpenAsync(bed, KernelBed.Vip4, 2, VirtualTcp);
        await relayed.OpenAsync(bed, KernelBed.Vip6, 2, VirtualTcp);
        await gateway.ReloadAsync(Json(scheduler: "sh"));
        await UnknownAreLedAsync();
        Assert.Equal("4 stayed", await relayed.AskAllAsync());

        Task UnknownAreLedAsync() => Eventually.TrueAsync(
            () => new[] { "web_4", "web_6" }.All(chain =>
                bed.Director.Exec("nft", "list", "chain", "inet", "gateway", chain).Contains($"@{chain}_slots", StringComparison.Ordinal)),
            "flows of the relay are known, and others led by hash");
    }

    [NamespaceFact]
    public async Task DestinationOfTwo_IsTracked_AndTheReasonShown()
    {
        using var bed = new KernelBed(servers: 1);
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(
            bed,
            """
            {
              "ReverseProxy": { "Clusters": { "web": { "Destinations": { "r1": { "Address": "tcp://10.78.0.11:80" } } } } },
              "VirtualServers": {
                "web": { "Listen": "10.77.0.100:8080", "ClusterId": "web", "Forwarding": "nat", "Stateless": true },
                "old": { "Listen": "10.77.0.100:8081", "ClusterId": "web", "Forwarding": "nat" }
              }
            }
            """,
            paths: 2);
        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip4, 8080, 2));
        Assert.Equal("r1=2", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip4, 8081, 2));

        var path = JsonNode.Parse(gateway.Console("virtual-servers", "web", "--json"))!["paths"]![0]!;
        Assert.Equal(
            ("kernel", "by connection tracking: destination r1, 10.78.0.11:80, is one of old too, and nothing tells whose an answer is"),
            ((string)path["path"]!, (string)path["reason"]!));
    }

    private static (IPAddress Vip, IPAddress Server, IPAddress Far) Addresses(string family) => family == "4"
        ? (KernelBed.Vip4, IPAddress.Parse("10.78.0.11"), IPAddress.Parse("10.79.0.2"))
        : (KernelBed.Vip6, IPAddress.Parse("fd78::11"), IPAddress.Parse("fd79::2"));

    /// <summary>Virtual servers of TCP and UDP on other ports than their servers.</summary>
    /// <param name="families">The families.</param>
    /// <param name="servers">How many servers.</param>
    /// <param name="second">The weight of one more; null is none.</param>
    /// <param name="scheduler">By which scheduler.</param>
    private static string Json(string families = "46", int servers = 3, int? second = null, string scheduler = "rr")
    {
        int[] weights = [.. Enumerable.Repeat(1, servers), .. second is { } weight ? (int[])[weight] : []];
        return BedJson.Of("nat", scheduler, weights, server: """, "Stateless": true""", udp: true, families: families)
            .Replace($"100:{BedJson.Tcp}\"", $"100:{VirtualTcp}\"", StringComparison.Ordinal)
            .Replace($"100]:{BedJson.Tcp}\"", $"100]:{VirtualTcp}\"", StringComparison.Ordinal)
            .Replace($"100:{BedJson.Udp}\"", $"100:{VirtualUdp}\"", StringComparison.Ordinal)
            .Replace($"100]:{BedJson.Udp}\"", $"100]:{VirtualUdp}\"", StringComparison.Ordinal);
    }
}
