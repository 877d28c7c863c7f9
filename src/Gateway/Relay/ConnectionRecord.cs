using System.Net;
using Gateway.Clusters;

namespace Gateway.Relay;

/// <summary>What there is to say of one relayed connection when it has ended.</summary>
/// <param name="Id">Number of the connection, unique in this process.</param>
/// <param name="VirtualServerId">The virtual server that accepted it.</param>
/// <param name="ClusterId">The cluster it was meant for.</param>
/// <param name="IsUdp">Whether it was a UDP session.</param>
/// <param name="Client">The client's address and port; an IPv4 address is never in its IPv6-mapped form.</param>
/// <param name="Destination">The destination that served it, or the one tried last; null when none was tried.</param>
/// <param name="Started">When it was accepted.</param>
/// <param name="Queued">Time it waited for a place at a destination.</param>
/// <param name="Connect">Time from accepting it to being connected to the destination, without the waiting; zero when that
/// did not happen.</param>
/// <param name="FirstByte">Time from accepting it to the first byte of the destination's; zero when none came.</param>
/// <param name="Total">Time from accepting it to its end.</param>
/// <param name="BytesSent">Bytes moved from the client to the destination.</param>
/// <param name="BytesReceived">Bytes moved from the destination to the client.</param>
/// <param name="Retries">How many destinations failed before the last one that was tried.</param>
/// <param name="Failure">What was wrong with the destination tried last, when every one failed to connect.</param>
/// <param name="End">Why it ended.</param>
internal readonly record struct ConnectionRecord(
    long Id,
    string VirtualServerId,
    string ClusterId,
    bool IsUdp,
    IPEndPoint Client,
    Destination? Destination,
    DateTimeOffset Started,
    TimeSpan Queued,
    TimeSpan Connect,
    TimeSpan FirstByte,
    TimeSpan Total,
    long BytesSent,
    long BytesReceived,
    int Retries,
    FailureReason? Failure,
    ConnectionEnd End);
