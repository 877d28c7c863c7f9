using System.Net;

namespace Gateway.ProxyProtocol;

/// <summary>What a proxy in front says of a connection before its first byte.</summary>
/// <param name="Source">Where the client is; null when the proxy does not say (LOCAL, UNKNOWN, a Unix socket), and the
/// connection's own addresses stand.</param>
/// <param name="Destination">The address the client reached; null together with <paramref name="Source"/>.</param>
/// <param name="Extensions">The type-length-value fields of version 2 as they are, without the checksum and the padding,
/// which belong to the header they came in.</param>
internal readonly record struct ProxyHeader(
    IPEndPoint? Source, IPEndPoint? Destination, ReadOnlyMemory<byte> Extensions);

/// <summary>What came of reading a header.</summary>
internal enum ProxyHeaderResult
{
    /// <summary>What there is may be the beginning of a header; more is needed.</summary>
    Incomplete,

    /// <summary>The header is there.</summary>
    Complete,

    /// <summary>Whatever follows, this will not become a header.</summary>
    Malformed,
}
