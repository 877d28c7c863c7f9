using System.Globalization;
using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>Direct Server Return end to end: the program, real packets, clients and servers in namespaces.</summary>
[Collection(Beds.Name)]
public sealed class DirectForwardingTests
{
    private const string Probed = """ "Probe": { "Kind": "tcp", "Interval": "00:00:01", "Timeout": "00:00:01", "Rise": 1, "Fall": 2 }, """;

    [NamespaceFact]
    public async Task RoundRobin_BothFamiliesTcpAndUdp_SharesEquallyAndAnswersPassByTheClientDirectly()
    {
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        bed.Director.ExecWith("""
            table netdev watch {
              counter answers { }
              counter clients { }
              chain in { type filter hook ingress device "eth0" priority -200;
                ip saddr 10.77.0.100 counter name "answers"
                ip6 saddr fd77::100 counter name "answers"
                ip daddr 10.77.0.100 counter name "clients"
              }
            }
            """, "nft", "-f", "-");
        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("direct", "rr", [1, 1, 1], udp: true), paths: 4);

        foreach (var vip in new[] { KernelBed.Vip4, KernelBed.Vip6 })
        {
            Assert.Equal("r1=10 r2=10 r3=10", await SharesAsync(bed, vip, BedJson.Tcp, 30));
            Assert.Equal("r1=4 r2=4 r3=4", await SharesAsync(bed, vip, BedJson.Udp, 12, udp: true));
        }

        // A datagram in fragments goes to one server as a whole.
        using (var big = await BedClient.ConnectAsync(bed.Client, KernelBed.Vip4, BedJson.Udp, udp: true))
        {
            Assert.StartsWith("r", await big.AskAsync(bytes: 8000), StringComparison.Ordinal);
        }

        // No answer passed here: nothing with the virtual address as its source came in or was forwarded.
        Assert.DoesNotContain("packets 0", bed.Director.Exec("nft", "list", "counter", "netdev", "watch", "clients"), StringComparison.Ordinal);
        Assert.Contains("packets 0", bed.Director.Exec("nft", "list", "counter", "netdev", "watch", "answers"), StringComparison.Ordinal);
        await gateway.MetricBecomesAsync(60, "gateway_destination_kernel_connections_total", "virtual_server=\"web\"");
        await gateway.MetricBecomesAsync(60, "gateway_destination_flows_total", "cluster=\"web\"");
        Assert.Equal(0, await gateway.MetricAsync("gateway_virtual_server_connections_total", "virtual_server=\"web\""));
        Assert.Contains("10.77.0.2 . ", bed.Director.Exec("nft", "list", "map", "netdev", "gateway", "dns_4_flows"), StringComparison.Ordinal);
    }

    [NamespaceTheory]
    [InlineData("4")]
    [InlineData("6")]
    public async Task Quiesce_Death_AndWeights_MoveNoFlowThatCanGoOn(string family)
    {
        var vip = family == "4" ? KernelBed.Vip4 : KernelBed.Vip6;
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("direct", "wrr", [1, 2, 3], Probed, families: family), paths: 1);
        await gateway.ReadyAsync(3);
        Assert.Equal("r1=10 r2=20 r3=30", await SharesAsync(bed, vip, BedJson.Tcp, 60));

        using var held = new HeldFlows();
        await held.OpenAsync(bed, vip, 12);
        await gateway.ReloadAsync(BedJson.Of("direct", "wrr", [1, 0, 3], Probed, families: family));
        Assert.Equal("r1=10 r3=30", await SharesAsync(bed, vip, BedJson.Tcp, 40));
        Assert.Equal("12 stayed", await held.AskAllAsync());

        // r3 dies: its flows are reset at the next packet, others stay, new ones go elsewhere.
        bed.Programs["r3"].StopListening();
        await gateway.ReadyAsync(1);
        Assert.Equal("r1=10", await SharesAsync(bed, vip, BedJson.Tcp, 10));
        Assert.Equal("6 stayed, 6 of r3 reset", await held.AskAllAsync());

        bed.Programs["r3"].Listen();
        await gateway.ReadyAsync(2);
        Assert.Equal("r1=2 r3=6", await SharesAsync(bed, vip, BedJson.Tcp, 8));
    }

    [NamespaceFact]
    public async Task SourceHashing_Persistence_KeepClientsWhereTheyWere()
    {
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("direct", "sh", [1, 1, 1], families: "4"), paths: 1);
        var hashed = await HomesAsync(bed, 20);
        Assert.True(hashed.Values.Distinct().Count() > 1, "hashing spreads");
        Assert.Equal(hashed, await HomesAsync(bed, 20));

        // Under a mask, networks of sixteen stay together.
        await gateway.ReloadAsync(BedJson.Of("direct", "sh", [1, 1, 1], """ "Scheduler": { "Mask4": 28 }, """, families: "4"));
        var networks = (await HomesAsync(bed, 40)).GroupBy(home => IPAddress.Parse(home.Key).GetAddressBytes()[3] / 16, home => home.Value).ToArray();
        Assert.Equal(3, networks.Length);
        Assert.All(networks, homes => Assert.Single(homes.Distinct()));

        // With the port, connections of one client spread, and none is split.
        await gateway.ReloadAsync(BedJson.Of("direct", "sh", [1, 1, 1], """ "Scheduler": { "UsePort": true }, """, families: "4"));
        using (var spread = new HeldFlows())
        {
            await spread.OpenAsync(bed, KernelBed.Vip4, 30);
            Assert.Equal(3, spread.Servers.Distinct().Count());
            Assert.Equal("30 stayed", await spread.AskAllAsync());
        }

        await gateway.ReloadAsync(BedJson.Of(
            "direct", "rr", [1, 1, 1], """ "Persistence": { "Timeout": "00:01:00", "Mask4": 32 }, """, families: "4"));
        var homes = await HomesAsync(bed, 20);
        Assert.Equal(3, homes.Values.Distinct().Count());
        Assert.Equal(homes, await HomesAsync(bed, 20));
        await gateway.ReloadAsync(BedJson.Of(
            "direct", "rr", [0, 1, 1], """ "Persistence": { "Timeout": "00:01:00", "Mask4": 32 }, """, families: "4"));
        Assert.Equal(homes, await HomesAsync(bed, 20));
    }

    [NamespaceFact]
    public async Task Restart_KeptRules_HeldFlowsAndForeignTablesStay()
    {
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        bed.Director.ExecWith("""
            table inet foreign {
              set known { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2 } }
              chain input { type filter hook input priority 0; policy accept; ip saddr @known accept; }
            }
            table netdev foreign {
              chain in { type filter hook ingress device "eth0" priority -200; policy accept; ip saddr 192.0.2.9 drop; }
            }
            """, "nft", "-f", "-");
        var foreign = Foreign(bed);
        const string Keep = """ "Kernel": { "OnStop": "keep" }, """;
        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("direct", "rr", [1, 1, 1], more: Keep), paths: 2);
        using var held = new HeldFlows();
        await held.OpenAsync(bed, KernelBed.Vip4, 6);
        await held.OpenAsync(bed, KernelBed.Vip6, 6);

        // Others cannot touch the table while Gateway runs.
        Assert.NotNull(Record.Exception(() => bed.Director.Exec("nft", "delete table netdev gateway")));

        await gateway.Process.KillAsync();
        Assert.Equal("12 stayed", await held.AskAllAsync());
        gateway.Run();
        await gateway.PathsAsync(2);
        Assert.Equal("12 stayed", await held.AskAllAsync());

        await gateway.StopAsync();
        Assert.Equal("12 stayed", await held.AskAllAsync());
        gateway.Run();
        await gateway.PathsAsync(2);
        Assert.Equal("12 stayed", await held.AskAllAsync());
        Assert.Equal("r1=4 r2=4 r3=4", await SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 12));
        await gateway.ReloadAsync(BedJson.Of("direct", "wlc", [1, 2, 0], more: """ "Kernel": { "OnStop": "remove" }, """));
        Assert.Equal(foreign, Foreign(bed));
        Assert.Equal("12 stayed", await held.AskAllAsync());

        static string Foreign(KernelBed bed) =>
            bed.Director.Exec("nft", "list", "table", "inet", "foreign") + bed.Director.Exec("nft", "list", "table", "netdev", "foreign");
    }

    [NamespaceFact]
    public async Task Stop_Removes_AndRelayServesWhatTheKernelCannot()
    {
        using var bed = new KernelBed(servers: 2);
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("direct", "rr", [1, 1]), paths: 2);
        Assert.Equal("r1=2 r2=2", await SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 4));

        // lblc has no form in the kernel: the path is withdrawn, the reason told, the relay serves.
        await gateway.ReloadAsync(BedJson.Of("direct", "lblc", [1, 1]));
        await Eventually.TrueAsync(() => gateway.Output.Contains("scheduler lblc has no form in the kernel", StringComparison.Ordinal), "the reason is told");
        Assert.Equal(0, await gateway.MetricAsync("gateway_kernel_path"));
        using (var relayed = new HeldFlows())
        {
            await relayed.OpenAsync(bed, KernelBed.Vip4, 2);
            await relayed.OpenAsync(bed, KernelBed.Vip6, 2);
            await gateway.MetricBecomesAsync(4, "gateway_virtual_server_connections_total", "web");

            // Back in the kernel, the connections the relay has go on, also once the rules lead what they do not know.
            await gateway.ReloadAsync(BedJson.Of("direct", "rr", [1, 1]));
            Assert.Equal("4 stayed", await relayed.AskAllAsync());
            await Eventually.TrueAsync(
                () => bed.Director.Exec("nft", "list", "chain", "netdev", "gateway", "web_6").Contains("@web_6_slots", StringComparison.Ordinal),
                "flows of the relay are known to the rules");
            Assert.Equal("4 stayed", await relayed.AskAllAsync());
            Assert.Equal("r1=2 r2=2", await SharesAsync(bed, KernelBed.Vip6, BedJson.Tcp, 4));
        }

        await gateway.StopAsync();
        Assert.DoesNotContain("gateway", bed.Director.Exec("nft", "list", "tables"), StringComparison.Ordinal);
    }

    [NamespaceFact]
    public async Task SorryServer_BeyondTheKernel_IsRelayedWhileNobodyElseIsReady()
    {
        using var bed = new KernelBed(servers: 1);
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        using var sorry = new BedServer(bed.Director, "sorry", BedJson.Tcp, BedJson.Udp, [IPAddress.Loopback]);
        await using var gateway = await BedGateway.StartAsync(
            bed,
            $$"""
            {
              "ReverseProxy": { "Clusters": { "web": { "LoadBalancingPolicy": "rr", {{Probed}} "Destinations": {
                "r1": { "Address": "tcp://10.77.0.11:80" }, "sorry": { "Address": "tcp://127.0.0.1:80", "Backup": true } } } } },
              "VirtualServers": { "web": { "Listen": "10.77.0.100:80", "ClusterId": "web", "Forwarding": "direct" } }
            }
            """,
            paths: 1);
        await gateway.ReadyAsync(2);
        Assert.Equal("r1=2", await SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 2));

        bed.Programs["r1"].StopListening();
        await gateway.ReadyAsync(1);
        Assert.Equal("sorry=2", await SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 2, isSeen: false));
        using var held = await BedClient.ConnectAsync(bed.Client, KernelBed.Vip4, BedJson.Tcp);
        Assert.Equal("sorry", await held.AskAsync(isSeen: false));

        // What the sorry server has goes on; what is new is the server's that is back.
        bed.Programs["r1"].Listen();
        await gateway.ReadyAsync(2);
        Assert.Equal("r1=2", await SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 2));
        Assert.Equal("sorry", await held.AskAsync(isSeen: false));
    }

    [NamespaceFact]
    public async Task Sorry_NobodyIsReady_IsTheRelaysText()
    {
        using var bed = new KernelBed(servers: 1);
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(
            bed,
            BedJson.Of("direct", "rr", [1], cluster: Probed, server: """, "Sorry": { "Body": "421 busy\r\n" } """, families: "4"),
            paths: 1);
        await gateway.ReadyAsync(1);
        Assert.Equal("r1=2", await SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 2));

        bed.Programs["r1"].StopListening();
        await gateway.ReadyAsync(0);

        Assert.Equal("421=2", await SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 2, isSeen: false));
    }

    [NamespaceFact]
    public async Task LeastConnection_LoadedServer_GetsNothingUntilOthersAreLevel()
    {
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("direct", "rr", [1, 0, 0], families: "4"), paths: 1);
        using var held = new HeldFlows();
        await held.OpenAsync(bed, KernelBed.Vip4, 20);
        await gateway.MetricBecomesAsync(20, "gateway_destination_active_flows", "destination=\"r1\"");

        await gateway.ReloadAsync(BedJson.Of("direct", "lc", [1, 1, 1], families: "4"));
        using var more = new HeldFlows();
        await more.OpenAsync(bed, KernelBed.Vip4, 10);

        Assert.DoesNotContain("r1", more.Servers);
        Assert.Equal(5, more.Servers.Count(name => name == "r2"));
        Assert.Equal("20 stayed", await held.AskAllAsync());
    }

    /// <summary>How many of so many new connections each server got.</summary>
    internal static async Task<string> SharesAsync(
        KernelBed bed, IPAddress vip, int port, int count, bool udp = false, bool isSeen = true)
    {
        var names = new List<string>();
        for (var i = 0; i < count; i++)
        {
            using var client = await BedClient.ConnectAsync(bed.Client, vip, port, udp);
            names.Add(await client.AskAsync(isSeen));
        }

        return string.Join(' ', names.CountBy(name => name).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));
    }

    /// <summary>The server of each client address.</summary>
    internal static async Task<Dictionary<string, string>> HomesAsync(KernelBed bed, int clients)
    {
        var homes = new Dictionary<string, string>();
        for (var i = 1; i <= clients; i++)
        {
            var from = string.Create(CultureInfo.InvariantCulture, $"10.77.1.{i}");
            using var client = await BedClient.ConnectAsync(bed.Client, KernelBed.Vip4, BedJson.Tcp, from: from);
            homes[from] = await client.AskAsync();
        }

        return homes;
    }
}
