namespace Gateway.Http;

/// <summary>The addresses of a client's connection, as readers of X-Forwarded-For and hashes want them.</summary>
internal static class ClientAddresses
{
    /// <summary>Makes plain addresses of those of IPv4 clients of a dual-stack listener, who appear as ::ffff:192.0.2.1.
    /// </summary>
    public static void Unmap(ConnectionInfo connection)
    {
        if (connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } remote)
        {
            connection.RemoteIpAddress = remote.MapToIPv4();
        }

        if (connection.LocalIpAddress is { IsIPv4MappedToIPv6: true } local)
        {
            connection.LocalIpAddress = local.MapToIPv4();
        }
    }
}
