namespace Gateway.Clusters;

/// <summary>The <c>Persistence</c> section of a cluster: a client returns to the destination it had.</summary>
internal sealed record PersistenceOptions
{
    /// <summary>How long a client that is away is remembered; every new flow starts it again.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Prefix length by which IPv4 clients are grouped, 0 to 32.</summary>
    public int Mask4 { get; init; } = 32;

    /// <summary>Prefix length by which IPv6 clients are grouped, 0 to 128.</summary>
    public int Mask6 { get; init; } = 128;

    /// <summary>What identifies a client: <c>client</c>, <c>cookie:NAME</c> or <c>header:NAME</c>.</summary>
    public string Key { get; init; } = "client";

    /// <summary>Whether a known client of a quiesced destination is scheduled anew (IPVS
    /// <c>expire_quiescent_template</c>).</summary>
    public bool LeaveDrained { get; init; }

    /// <summary>Most clients remembered; beyond it the one away longest is forgotten.</summary>
    public int MaxEntries { get; init; } = 100_000;
}
