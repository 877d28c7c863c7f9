using System.Net;

namespace Gateway.Kernel.Netlink;

/// <summary>The kernel's table of connections that are translated.</summary>
/// <remarks>Source: include/uapi/linux/netfilter/nfnetlink_conntrack.h.</remarks>
internal sealed class Conntrack(NetlinkSocket socket)
{
    private const int Subsystem = 1;
    private const int Get = 1;
    private const int Delete = 2;
    private const int OriginalTuple = 1;
    private const int ProtocolState = 4;
    private const int MarkAttribute = 8;
    private const int MarkMask = 21;
    private const byte TcpEstablished = 3;
    private const byte Udp = 17;

    /// <summary>How many connections each mark has, established and other, of the marks that begin as
    /// <paramref name="prefix"/> does under <paramref name="mask"/>.</summary>
    public Dictionary<uint, (int Active, int Inactive)> CountByMark(uint prefix, uint mask)
    {
        var counts = new Dictionary<uint, (int Active, int Inactive)>();
        var request = NetlinkRequest.Netfilter(socket, Subsystem, Get, 0, "counting connections");
        request.Buffer.Number(MarkAttribute, prefix);
        request.Buffer.Number(MarkMask, mask);
        request.List(counts.Clear, message =>
        {
            var (mark, isActive) = (0u, false);
            foreach (var attribute in message.Attributes(4))
            {
                if (attribute.Type == MarkAttribute)
                {
                    mark = attribute.Number;
                }
                else if (attribute.Type == ProtocolState)
                {
                    foreach (var protocol in attribute.Nested)
                    {
                        foreach (var state in protocol.Nested)
                        {
                            isActive |= protocol.Type == 1 && state.Type == 1 && state.Value[0] == TcpEstablished;
                        }
                    }
                }
            }

            // A kernel without the filter sends all of them.
            if ((mark & mask) == prefix)
            {
                var (active, inactive) = counts.GetValueOrDefault(mark);
                counts[mark] = isActive ? (active + 1, inactive) : (active, inactive + 1);
            }
        });
        return counts;
    }

    /// <summary>Forgets all connections with this mark.</summary>
    public void Forget(uint mark)
    {
        var request = NetlinkRequest.Netfilter(socket, Subsystem, Delete, 0, "forgetting the connections of a destination");
        request.Buffer.Number(MarkAttribute, mark);
        request.Buffer.Number(MarkMask, uint.MaxValue);
        request.Execute();
    }

    /// <summary>Forgets what is known of datagrams to an address that had no mark yet, so that the next ones meet the rules.
    /// </summary>
    public void ForgetUnmarked(IPEndPoint udp)
    {
        var tuples = new List<(byte Family, byte[] Tuple)>();
        NetlinkRequest.Netfilter(socket, Subsystem, Get, 0, "listing connections").List(tuples.Clear, message =>
        {
            var (mark, found) = (0u, (byte[]?)null);
            foreach (var attribute in message.Attributes(4))
            {
                if (attribute.Type == MarkAttribute)
                {
                    mark = attribute.Number;
                }
                else if (attribute.Type == OriginalTuple && IsTo(attribute, udp))
                {
                    found = attribute.Value.ToArray();
                }
            }

            if (mark == 0 && found is not null)
            {
                tuples.Add((message.Payload[0], found));
            }
        });
        foreach (var (family, tuple) in tuples)
        {
            var request = NetlinkRequest.Netfilter(socket, Subsystem, Delete, family, "forgetting datagrams");
            request.Buffer.Raw(OriginalTuple | 0x8000, tuple);
            try
            {
                request.Execute();
            }
            catch (NetlinkException e) when (e.Error == NetlinkException.NoEntry)
            {
                // It has gone by itself.
            }
        }
    }

    private static bool IsTo(NetlinkAttribute tuple, IPEndPoint udp)
    {
        var (isAddress, isProtocol, isPort) = (false, false, false);
        Span<byte> address = stackalloc byte[16];
        udp.Address.TryWriteBytes(address, out var length);
        foreach (var part in tuple.Nested)
        {
            foreach (var field in part.Nested)
            {
                // CTA_IP_V4_DST is 2, CTA_IP_V6_DST 4; CTA_PROTO_NUM 1, CTA_PROTO_DST_PORT 3.
                isAddress |= part.Type == 1 && field.Type is 2 or 4 && field.Value.SequenceEqual(address[..length]);
                isProtocol |= part.Type == 2 && field.Type == 1 && field.Value[0] == Udp;
                isPort |= part.Type == 2 && field.Type == 3 && ((field.Value[0] << 8) | field.Value[1]) == udp.Port;
            }
        }

        return isAddress && isProtocol && isPort;
    }
}
