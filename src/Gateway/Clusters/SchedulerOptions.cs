namespace Gateway.Clusters;

/// <summary>Order in which schedulers walk the destinations, which decides every tie.</summary>
internal enum DestinationOrder
{
    /// <summary>As written in the configuration.</summary>
    Config,

    /// <summary>The destination added last comes first, as in the kernel's IPVS.</summary>
    NewestFirst,
}

/// <summary>The <c>Scheduler</c> section of a cluster: details of the scheduler named by <c>LoadBalancingPolicy</c>.</summary>
internal sealed record SchedulerOptions
{
    /// <summary>Canonical short name of the scheduler, one of <c>Schedulers.Names</c>.</summary>
    public string Name { get; init; } = "PowerOfTwoChoices";

    /// <summary>What hashing and locality schedulers look at: <c>client</c>, <c>host</c>, <c>host+path</c>, <c>uri</c>,
    /// <c>header:NAME</c>, <c>cookie:NAME</c>, <c>query:NAME</c>, <c>sni</c>; null is the scheduler's own default.</summary>
    public string? Key { get; init; }

    /// <summary>Whether the client's port is part of the hash (IPVS <c>sh-port</c>, <c>mh-port</c>).</summary>
    public bool UsePort { get; init; }

    /// <summary>Prefix length by which IPv4 clients are hashed together, 0 to 32, where the client's address is looked at.
    /// </summary>
    public int Mask4 { get; init; } = 32;

    /// <summary>The same for IPv6 clients, 0 to 128.</summary>
    public int Mask6 { get; init; } = 128;

    /// <summary>Whether a hash that points at an unready destination tries others; false refuses, as the kernel does
    /// without <c>sh-fallback</c> or <c>mh-fallback</c>.</summary>
    public bool Fallback { get; init; } = true;

    /// <summary>Base-two logarithm of the number of buckets of dh and sh, 4 to 20; the kernel has 8.</summary>
    public int TableBits { get; init; } = 8;

    /// <summary>Order in which destinations are walked.</summary>
    public DestinationOrder Order { get; init; }

    /// <summary>For mh: a key leaves its destination only when that one has more than this factor times the average
    /// load; null is no bound, else greater than 1.</summary>
    public double? BoundedLoad { get; init; }

    /// <summary>How long lblc and lblcr remember a key nobody asks for, and lblcr a set that did not change.</summary>
    public TimeSpan Expiration { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How many keys lblc and lblcr remember before old ones are dropped.</summary>
    public int MaxKeys { get; init; } = 16384;
}
