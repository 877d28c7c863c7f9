namespace Gateway.Import.Haproxy;

/// <summary>How a virtual server speaks TLS to the servers of a backend.</summary>
/// <param name="IsVerified">Whether certificates are looked at.</param>
/// <param name="Name">The name they must have; null is that of the address.</param>
/// <param name="Authorities">The file of the authorities they must come from; null is the system's.</param>
internal sealed record ServerTls(bool IsVerified, string? Name, string? Authorities)
{
    public void WriteTo(Draft virtualServer)
    {
        var tls = virtualServer.Section("Tls").Set("Destinations", IsVerified ? "Verified" : "Unverified");
        if (Name is not null)
        {
            tls.Set("DestinationName", Name);
        }

        if (Authorities is not null)
        {
            tls.Set("DestinationAuthorities", Authorities);
        }
    }
}
