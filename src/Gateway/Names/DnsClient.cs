using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Gateway.Names;

/// <summary>Asks one DNS server one question, over UDP, and over TCP when the answer does not fit.</summary>
/// <remarks>
/// Small on purpose: no cache, no recursion of its own. Against forged answers (RFC 5452) every question has a random number
/// and a socket, that is a random port, of its own; the socket is connected, so that only the server's datagrams arrive; and
/// what is not an answer to the question is passed over until the deadline.
/// </remarks>
internal static class DnsClient
{
    private const int FormatError = 1;

    /// <exception cref="SocketException">The server cannot be reached, or refuses.</exception>
    /// <exception cref="FormatException">The question has no name, or the answer does not follow the format.</exception>
    /// <exception cref="IOException">The server closed the connection.</exception>
    /// <exception cref="OperationCanceledException">No answer came before the deadline.</exception>
    public static async Task<DnsResponse> AskAsync(IPEndPoint server, DnsQuestion question, CancellationToken deadline)
    {
        var response = await AskUdpAsync(server, question, withOption: true, deadline);
        if (response.Code == FormatError)
        {
            // A server from before 1999.
            response = await AskUdpAsync(server, question, withOption: false, deadline);
        }

        return response.IsTruncated ? await AskTcpAsync(server, question, deadline) : response;
    }

    private static ushort NewId() => BinaryPrimitives.ReadUInt16LittleEndian(RandomNumberGenerator.GetBytes(2));

    private static async Task<DnsResponse> AskUdpAsync(
        IPEndPoint server, DnsQuestion question, bool withOption, CancellationToken deadline)
    {
        var id = NewId();
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, deadline);
        await socket.SendAsync(DnsMessage.Ask(id, question, withOption), SocketFlags.None, deadline);
        var answer = new byte[DnsMessage.UdpBytes + 1];
        while (true)
        {
            var length = await socket.ReceiveAsync(answer, SocketFlags.None, deadline);
            if (DnsMessage.Read(answer.AsSpan(0, Math.Min(length, DnsMessage.UdpBytes)), id, question) is { } response)
            {
                return response;
            }
        }
    }

    // RFC 7766, section 8: each message comes after its length.
    private static async Task<DnsResponse> AskTcpAsync(IPEndPoint server, DnsQuestion question, CancellationToken deadline)
    {
        var id = NewId();
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server, deadline);
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        var ask = DnsMessage.Ask(id, question, withOption: false);
        await stream.WriteAsync((byte[])[(byte)(ask.Length >> 8), (byte)ask.Length, .. ask], deadline);
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, deadline);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(answer, deadline);
        return DnsMessage.Read(answer, id, question) is { IsTruncated: false } response
            ? response
            : throw new FormatException("the answer over TCP is none to the question");
    }
}
