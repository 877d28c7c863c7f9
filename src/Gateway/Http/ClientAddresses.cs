using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Gateway.Http;

/// <summary>The addresses of a client's connection, as readers of X-Forwarded-For and hashes want them: IPv4 clients of a
/// dual-stack listener, who appear as ::ffff:192.0.2.1, with their plain address.</summary>
internal static class ClientAddresses
{
    /// <summary>The plain address.</summary>
    [return: NotNullIfNotNull(nameof(address))]
    public static IPAddress? Unmap(IPAddress? address) =>
        address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    /// <summary>Makes both addresses of a connection plain.</summary>
    public static void Unmap(ConnectionInfo connection)
    {
        if (connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } remote)
        {
            connection.RemoteIpAddress = Unmap(remote);
        }

        if (connection.LocalIpAddress is { IsIPv4MappedToIPv6: true } local)
        {
            connection.LocalIpAddress = Unmap(local);
        }
    }
}
