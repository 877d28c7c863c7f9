namespace Gateway.Clusters;

/// <summary>What is asked for when the address of a destination is a name.</summary>
internal enum NameLookup
{
    /// <summary>All IPv4 and IPv6 addresses; each is a destination of its own.</summary>
    All,

    /// <summary>The IPv4 addresses.</summary>
    IPv4,

    /// <summary>The IPv6 addresses.</summary>
    IPv6,

    /// <summary>The service's hosts and ports (SRV records), with weight and priority.</summary>
    Srv,

    /// <summary>Nothing: one destination, looked up whenever it is connected to.</summary>
    Off,
}
