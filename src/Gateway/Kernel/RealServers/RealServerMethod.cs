namespace Gateway.Kernel.RealServers;

/// <summary>How a destination of direct forwarding takes packets for the virtual address.</summary>
internal enum RealServerMethod
{
    /// <summary>It has the address on <c>lo</c>, and keeps quiet about it in ARP. IPv6 keeps quiet by itself.</summary>
    Arp,

    /// <summary>It does not have the address; what comes for it is led to its own.</summary>
    Redirect,
}
