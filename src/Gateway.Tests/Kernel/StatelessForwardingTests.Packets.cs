using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <content>Packets that are too large, in fragments, without a checksum, or errors.</content>
public sealed partial class StatelessForwardingTests
{
    private const int Mtu = 1400;

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
}
