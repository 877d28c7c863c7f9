using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Gateway.Probing.Connections;

namespace Gateway.Probing.Kinds;

/// <summary>Sends one ICMP echo request and waits for its reply.</summary>
/// <remarks>
/// RFC 792 and RFC 4443, section 4. Linux lets the groups of <c>net.ipv4.ping_group_range</c> open a datagram socket that can
/// only ping, for IPv6 too; where that is refused a raw socket is tried, which needs CAP_NET_RAW. A reply is known by eight
/// random bytes, because on a raw socket the replies to everybody arrive, and the kernel rewrites the identifier of a ping
/// socket.
/// </remarks>
internal sealed class IcmpProber : IProber
{
    private const int HeaderBytes = 8;
    private const int TokenBytes = 8;
    private const string Denied =
        "not permitted: add Gateway's group to net.ipv4.ping_group_range, or give it CAP_NET_RAW";

    public async Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline)
    {
        try
        {
            var endPoint = await ProbeSocket.ResolveAsync(target.EndPoint, deadline);
            using var socket = Open(endPoint.AddressFamily, out var isRaw);
            return socket is null
                ? new ProbeResult(ProbeOutcome.LocalFailure, Denied)
                : await PingAsync(socket, isRaw, new IPEndPoint(endPoint.Address, 0), deadline);
        }
        catch (Exception e) when (ProbeFault.Explain(e, ProbeStage.Connect) is { } fault)
        {
            return fault;
        }
    }

    /// <summary>An echo request with its checksum, which the kernel computes itself for IPv6.</summary>
    internal static byte[] Request(bool isIPv6, ReadOnlySpan<byte> token)
    {
        var packet = new byte[HeaderBytes + TokenBytes];
        packet[0] = (byte)(isIPv6 ? 128 : 8);
        token.CopyTo(packet.AsSpan(4));
        token.CopyTo(packet.AsSpan(HeaderBytes));
        // Sequence number and identifier may be anything; the kernel sets the identifier of a ping socket.
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), Checksum(packet));
        return packet;
    }

    /// <summary>Whether a packet is the reply to the request with this token. A raw IPv4 socket gives the IP header
    /// too.</summary>
    internal static bool IsReply(ReadOnlySpan<byte> packet, bool isIPv6, bool hasIPHeader, ReadOnlySpan<byte> token)
    {
        if (hasIPHeader && !packet.IsEmpty)
        {
            packet = packet[Math.Min(packet.Length, (packet[0] & 0x0f) * 4)..];
        }

        return packet.Length == HeaderBytes + TokenBytes && packet[0] == (isIPv6 ? 129 : 0)
            && packet[HeaderBytes..].SequenceEqual(token);
    }

    /// <summary>The checksum of RFC 1071.</summary>
    internal static ushort Checksum(ReadOnlySpan<byte> packet)
    {
        var sum = 0u;
        for (var i = 0; i + 1 < packet.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(packet[i..]);
        }

        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~(sum + (sum >> 16));
    }

    private static async Task<ProbeResult> PingAsync(
        Socket socket, bool isRaw, IPEndPoint destination, CancellationToken deadline)
    {
        var token = RandomNumberGenerator.GetBytes(TokenBytes);
        var isIPv6 = destination.AddressFamily == AddressFamily.InterNetworkV6;
        await socket.ConnectAsync(destination, deadline);
        await socket.SendAsync(Request(isIPv6, token), SocketFlags.None, deadline);
        var answer = new byte[256];
        try
        {
            while (true)
            {
                var length = await socket.ReceiveAsync(answer, SocketFlags.None, deadline);
                if (IsReply(answer.AsSpan(0, length), isIPv6, isRaw && !isIPv6, token))
                {
                    return new ProbeResult(ProbeOutcome.Passed);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return new ProbeResult(ProbeOutcome.TimedOut, "no echo reply");
        }
    }

    private static Socket? Open(AddressFamily family, out bool isRaw)
    {
        var socket = TryOpen(family, SocketType.Dgram);
        isRaw = socket is null;
        return socket ?? TryOpen(family, SocketType.Raw);
    }

    private static Socket? TryOpen(AddressFamily family, SocketType type)
    {
        try
        {
            return new Socket(family, type, family == AddressFamily.InterNetworkV6 ? ProtocolType.IcmpV6 : ProtocolType.Icmp);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AccessDenied or SocketError.ProtocolNotSupported)
        {
            return null;
        }
    }
}
