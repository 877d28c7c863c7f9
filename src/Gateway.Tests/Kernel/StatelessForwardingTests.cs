using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>NAT without connection tracking end to end; what it has in common with other NAT is in the tests of that.</summary>
[Collection(Alone.Name)]
public sealed class StatelessForwardingTests
{
    private const int VirtualTcp = 8080;
    private const int VirtualUdp = 5300;
    private const int Mtu = 1400;

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
    public async Task SmallerPacketsBehindGateway_BothSidesLearn(string family)
    {
        var (vip, server, _) = Addresses(family);
        using var bed = new KernelBed(servers: 1);
        bed.Director.ExecWith(Firewall, "nft", "-f", "-");
        using var bulk = new BulkServer(bed.Servers[0], server, BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, Json(family, servers: 1), paths: 2);

        // Towards the server: what the client sends is too big after it was rewritten.
        bed.Director.Ip($"link set eth1 mtu {Mtu}");
        Assert.Equal(1, await BulkServer.ExchangeAsync(bed.Client, new IPEndPoint(vip, VirtualTcp), 200_000, 1));
        Assert.Contains($"mtu {Mtu}", bed.Client.Exec("ip", "route", "get", vip.ToString()), StringComparison.Ordinal);

        // Towards the client: what the server sends is too big before it is.
        bed.Director.Ip("link set eth1 mtu 1500", $"link set eth0 mtu {Mtu}");
        Assert.Equal(200_000, await BulkServer.ExchangeAsync(bed.Client, new IPEndPoint(vip, VirtualTcp), 1, 200_000));
    }

    [NamespaceTheory]
    [InlineData("4")]
    [InlineData("6")]
    public async Task SmallerPacketsOnTheWayToTheClient_TheServerLearns(string family)
    {
        var (vip, server, far) = Addresses(family);
        using var bed = new KernelBed(servers: 1);
        bed.Director.ExecWith(Firewall, "nft", "-f", "-");
        var client = bed.AddFarClient(Mtu);
        using var bulk = new BulkServer(bed.Servers[0], server, BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, Json(family, servers: 1), paths: 2);

        Assert.Equal(200_000, await BulkServer.ExchangeAsync(client, new IPEndPoint(vip, VirtualTcp), 1, 200_000));
        Assert.Contains($"mtu {Mtu}", bed.Servers[0].Exec("ip", "route", "get", far.ToString(), "from", server.ToString()), StringComparison.Ordinal);
    }

    [NamespaceTheory]
    [InlineData("4")]
    [InlineData("6")]
    public async Task Datagrams_InFragmentsAndWithoutChecksum_ComeAndGoWhole(string family)
    {
        var (vip, server, _) = Addresses(family);
        using var bed = new KernelBed(servers: 1);
        using var bulk = new BulkServer(bed.Servers[0], server, BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(bed, Json(family, servers: 1), paths: 2);

        Assert.Equal([20, 1472, 1473, 8000, 60_000], await EchoesAsync(bed.Client, vip, [20, 1472, 1473, 8000, 60_000]));
        if (family == "4")
        {
            SetNoChecksum(bulk.Datagrams);
            Assert.Equal([20, 8000], await EchoesAsync(bed.Client, vip, [20, 8000], SetNoChecksum));
        }

        static void SetNoChecksum(Socket socket) => socket.SetRawSocketOption(1, 11, BitConverter.GetBytes(1));
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

    [NamespaceTheory]
    [InlineData("4")]
    [InlineData("6")]
    public async Task PortThatNobodyListensOn_TheClientIsToldAboutTheAddressItAsked(string family)
    {
        var vip = family == "4" ? KernelBed.Vip4 : KernelBed.Vip6;
        using var bed = new KernelBed(servers: 1);
        bed.Director.ExecWith(Firewall, "nft", "-f", "-");
        await using var gateway = await BedGateway.StartAsync(bed, Json(family, servers: 1), paths: 2);
        using var errors = bed.Client.Inside(() => new Socket(
            vip.AddressFamily, SocketType.Raw, family == "4" ? ProtocolType.Icmp : ProtocolType.IcmpV6));
        errors.Bind(new IPEndPoint(family == "4" ? IPAddress.Any : IPAddress.IPv6Any, 0));
        using var datagrams = await BedClient.ConnectAsync(bed.Client, vip, VirtualUdp, udp: true);

        var refused = await Assert.ThrowsAsync<SocketException>(() => datagrams.AskAsync());
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        await AssertQuotesAsync(errors, datagrams.Local, new IPEndPoint(vip, VirtualUdp));
        refused = await Assert.ThrowsAsync<SocketException>(() => BedClient.ConnectAsync(bed.Client, vip, VirtualTcp));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
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

    /// <summary>The next unreachable carries a datagram from one to the other, with a header that is right in itself.</summary>
    private static async Task AssertQuotesAsync(Socket errors, IPEndPoint from, IPEndPoint to)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var isIPv6 = from.AddressFamily == AddressFamily.InterNetworkV6;
        var buffer = new byte[2000];
        Memory<byte> message;
        do
        {
            var received = await errors.ReceiveFromAsync(
                buffer, SocketFlags.None, new IPEndPoint(isIPv6 ? IPAddress.IPv6Any : IPAddress.Any, 0), deadline.Token);

            // Neighbours are asked for by ICMPv6 too.
            message = buffer.AsMemory(isIPv6 ? 0 : 20, received.ReceivedBytes - (isIPv6 ? 0 : 20));
            if (message.Span[0] == (isIPv6 ? 1 : 3))
            {
                Assert.Equal(to.Address, ((IPEndPoint)received.RemoteEndPoint).Address);
            }
        }
        while (message.Span[0] != (isIPv6 ? 1 : 3));

        var (header, address, length) = isIPv6 ? (40, 8, 16) : (20, 12, 4);
        var quoted = message[8..].ToArray();
        Assert.Equal(from.Address, new IPAddress(quoted.AsSpan(address, length)));
        Assert.Equal(to.Address, new IPAddress(quoted.AsSpan(address + length, length)));
        Assert.Equal((from.Port, to.Port), (PortAt(header), PortAt(header + 2)));
        if (!isIPv6)
        {
            var sum = Enumerable.Range(0, 10).Sum(i => PortAt(i * 2));
            Assert.Equal(ushort.MaxValue, (sum & ushort.MaxValue) + (sum >> 16));
        }

        int PortAt(int offset) => BinaryPrimitives.ReadUInt16BigEndian(quoted.AsSpan(offset));
    }

    /// <summary>Datagrams of so many bytes that came back as they were sent.</summary>
    private static async Task<List<int>> EchoesAsync(NetworkNamespace client, IPAddress vip, int[] sizes, Action<Socket>? change = null)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var socket = client.Inside(() => new Socket(vip.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        change?.Invoke(socket);
        await socket.ConnectAsync(new IPEndPoint(vip, VirtualUdp), deadline.Token);
        var right = new List<int>();
        foreach (var size in sizes)
        {
            var sent = Enumerable.Range(0, size).Select(i => (byte)(i * 7)).ToArray();
            await socket.SendAsync(sent, deadline.Token);
            var bytes = new byte[65535];
            var count = await socket.ReceiveAsync(bytes, deadline.Token);
            Assert.Equal(sent, bytes[..count]);
            right.Add(count);
        }

        return right;
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
