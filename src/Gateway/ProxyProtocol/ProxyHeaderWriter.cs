using System.Net;
using System.Net.Sockets;

namespace Gateway.ProxyProtocol;

/// <summary>Writes the header of either version for a connection that is passed on.</summary>
internal static class ProxyHeaderWriter
{
    /// <summary>What the longest header takes: the longest extensions that are read, and the fixed part.</summary>
    public const int MaxLength = ProxyHeaderReader.MaxLength + ProxyHeaderBinary.MaxLengthBare;

    /// <summary>Writes the header into <paramref name="target"/>, which has room for <see cref="MaxLength"/>; returns its
    /// length.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="version">1 or 2.</param>
    /// <param name="source">The client.</param>
    /// <param name="destination">The address the client reached.</param>
    /// <param name="extensions">Fields for version 2; version 1 has no place for them.</param>
    public static int Write(
        Span<byte> target, int version, IPEndPoint source, IPEndPoint destination, ReadOnlySpan<byte> extensions)
    {
        if (source.AddressFamily != destination.AddressFamily)
        {
            // A header has one family; an IPv4 address has a form in IPv6.
            (source, destination) = (ToIPv6(source), ToIPv6(destination));
        }

        return version == 1
            ? ProxyHeaderText.Write(target, source, destination)
            : ProxyHeaderBinary.Write(target, source, destination, extensions);
    }

    private static IPEndPoint ToIPv6(IPEndPoint endPoint) => endPoint.AddressFamily == AddressFamily.InterNetworkV6
        ? endPoint : new IPEndPoint(endPoint.Address.MapToIPv6(), endPoint.Port);
}
