using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Gateway.Kernel;

/// <summary>The Ethernet frame that tells a segment where an address is now.</summary>
/// <remarks>IPv4: an ARP announcement, a request for the address from the address (RFC 5227 section 2.3, frame of RFC 826).
/// IPv6: an unsolicited neighbour advertisement to all nodes with the override flag (RFC 4861 sections 4.4 and 7.2.6).
/// </remarks>
internal static class Announcement
{
    public const int LinkAddressLength = 6;

    private const int EthernetHeader = 14;
    private const ushort ArpType = 0x0806;
    private const ushort IPv6Type = 0x86dd;
    private const int IPv6Header = 40;
    private const int AdvertisementLength = 32;
    private const byte IcmpV6 = 58;

    public static byte[] Of(IPAddress address, ReadOnlySpan<byte> linkAddress) =>
        address.AddressFamily == AddressFamily.InterNetworkV6
            ? Advertisement(address.GetAddressBytes(), linkAddress)
            : Arp(address.GetAddressBytes(), linkAddress);

    private static byte[] Arp(ReadOnlySpan<byte> address, ReadOnlySpan<byte> linkAddress)
    {
        var frame = new byte[EthernetHeader + 28];
        var arp = Ethernet(frame, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], linkAddress, ArpType);
        BinaryPrimitives.WriteUInt16BigEndian(arp, 1);
        BinaryPrimitives.WriteUInt16BigEndian(arp[2..], 0x0800);
        arp[4] = LinkAddressLength;
        arp[5] = 4;
        BinaryPrimitives.WriteUInt16BigEndian(arp[6..], 1);
        linkAddress.CopyTo(arp[8..]);
        address.CopyTo(arp[14..]);
        address.CopyTo(arp[24..]);
        return frame;
    }

    private static byte[] Advertisement(ReadOnlySpan<byte> address, ReadOnlySpan<byte> linkAddress)
    {
        var frame = new byte[EthernetHeader + IPv6Header + AdvertisementLength];
        var ip = Ethernet(frame, [0x33, 0x33, 0, 0, 0, 1], linkAddress, IPv6Type);
        ip[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], AdvertisementLength);
        ip[6] = IcmpV6;
        ip[7] = 255;
        address.CopyTo(ip[8..]);
        ReadOnlySpan<byte> allNodes = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        allNodes.CopyTo(ip[24..]);

        var icmp = ip[IPv6Header..];
        icmp[0] = 136;
        icmp[4] = 0x20;
        address.CopyTo(icmp[8..]);
        icmp[24] = 2;
        icmp[25] = 1;
        linkAddress.CopyTo(icmp[26..]);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], Checksum(ip[8..IPv6Header], icmp));
        return frame;
    }

    private static Span<byte> Ethernet(Span<byte> frame, ReadOnlySpan<byte> to, ReadOnlySpan<byte> from, ushort type)
    {
        to.CopyTo(frame);
        from.CopyTo(frame[LinkAddressLength..]);
        BinaryPrimitives.WriteUInt16BigEndian(frame[(2 * LinkAddressLength)..], type);
        return frame[EthernetHeader..];
    }

    /// <summary>RFC 4443 section 2.3: over both addresses, the length, the protocol and the message.</summary>
    private static ushort Checksum(ReadOnlySpan<byte> addresses, ReadOnlySpan<byte> message)
    {
        var sum = (uint)message.Length + IcmpV6;
        foreach (var part in new[] { addresses.ToArray(), message.ToArray() })
        {
            for (var i = 0; i < part.Length; i += 2)
            {
                sum += BinaryPrimitives.ReadUInt16BigEndian(part.AsSpan(i));
            }
        }

        while (sum > ushort.MaxValue)
        {
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
