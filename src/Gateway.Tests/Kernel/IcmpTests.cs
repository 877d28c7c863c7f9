using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>ICMP errors about answers that went past Gateway: they reach the server that sent the answer, and only it, so that
/// it learns the size of packets the path takes.</summary>
[Collection(Beds.Name)]
public sealed class IcmpTests
{
    private const int Mtu = 1400;

    [NamespaceTheory]
    [InlineData("4")]
    [InlineData("6")]
    public async Task Error_AboutAFlow_ReachesTheServerThatHasIt(string family)
    {
        var isIPv6 = family == "6";
        var vip = isIPv6 ? KernelBed.Vip6 : KernelBed.Vip4;
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        foreach (var server in bed.Servers)
        {
            server.ExecWith("""
                table inet watch {
                  counter errors { }
                  chain in { type filter hook prerouting priority -300;
                    icmp type destination-unreachable counter name "errors"
                    icmpv6 type packet-too-big counter name "errors"
                  }
                }
                """, "nft", "-f", "-");
        }

        await using var gateway = await BedGateway.StartAsync(bed, BedJson.Of("direct", "rr", [1, 1, 1], families: family), paths: 1);
        var expected = new Dictionary<string, int> { ["r1"] = 0, ["r2"] = 0, ["r3"] = 0 };
        using var socket = bed.Client.Inside(() => new Socket(
            vip.AddressFamily, SocketType.Raw, isIPv6 ? ProtocolType.IcmpV6 : ProtocolType.Icmp));
        for (var i = 0; i < 5; i++)
        {
            using var client = await BedClient.ConnectAsync(bed.Client, vip, BedJson.Tcp);
            expected[await client.AskAsync()]++;

            await socket.SendToAsync(isIPv6 ? TooBig6(client.Local) : TooBig4(client.Local), new IPEndPoint(vip, 0));

            await Eventually.TrueAsync(() => Errors(bed).Values.Sum() == expected.Values.Sum(), "the error has come to a server");
            Assert.Equal(expected, Errors(bed));
        }
    }

    /// <summary>How many errors each server got.</summary>
    private static Dictionary<string, int> Errors(KernelBed bed) => bed.Servers.Index().ToDictionary(
        server => $"r{server.Index + 1}",
        server =>
        {
            var words = server.Item.Exec("nft", "list", "counter", "inet", "watch", "errors").Split([' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries);
            return int.Parse(words[Array.IndexOf(words, "packets") + 1], System.Globalization.CultureInfo.InvariantCulture);
        });

    /// <summary>RFC 792 with the size of RFC 1191: a packet of the virtual address to this client was too big.</summary>
    private static byte[] TooBig4(IPEndPoint client)
    {
        var message = new byte[8 + 20 + 8];
        (message[0], message[1]) = (3, 4);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), Mtu);
        var quoted = message.AsSpan(8);
        (quoted[0], quoted[8], quoted[9]) = (0x45, 64, 6);
        BinaryPrimitives.WriteUInt16BigEndian(quoted[2..], 1500);
        KernelBed.Vip4.GetAddressBytes().CopyTo(quoted[12..]);
        client.Address.GetAddressBytes().CopyTo(quoted[16..]);
        WritePorts(quoted[20..], client);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), Checksum(message));
        return message;
    }

    /// <summary>RFC 4443 section 3.2; the kernel writes the checksum.</summary>
    private static byte[] TooBig6(IPEndPoint client)
    {
        var message = new byte[8 + 40 + 8];
        message[0] = 2;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(4), Mtu);
        var quoted = message.AsSpan(8);
        (quoted[0], quoted[6], quoted[7]) = (0x60, 6, 64);
        BinaryPrimitives.WriteUInt16BigEndian(quoted[4..], 1460);
        KernelBed.Vip6.GetAddressBytes().CopyTo(quoted[8..]);
        client.Address.GetAddressBytes().CopyTo(quoted[24..]);
        WritePorts(quoted[40..], client);
        return message;
    }

    private static void WritePorts(Span<byte> tcp, IPEndPoint client)
    {
        BinaryPrimitives.WriteUInt16BigEndian(tcp, BedJson.Tcp);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], (ushort)client.Port);
    }

    private static ushort Checksum(ReadOnlySpan<byte> message)
    {
        var sum = 0u;
        for (var i = 0; i < message.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(message[i..]);
        }

        sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)~((sum & ushort.MaxValue) + (sum >> 16));
    }
}
