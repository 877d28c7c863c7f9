namespace Gateway.Clusters;

/// <summary>What the probe says of a destination.</summary>
internal enum ProbeVerdict
{
    /// <summary>No probe is configured, so nothing speaks against the destination.</summary>
    None,

    /// <summary>A probe is configured and none has ended yet.</summary>
    Pending,

    Up,

    Down,
}

/// <summary>The words that decide whether a destination may get new flows, each kept apart with its reason.</summary>
/// <param name="Probe">The probe's verdict.</param>
/// <param name="ProbeReason">Why, in the words of the closed list of probe outcomes; empty when nothing was probed.</param>
/// <param name="Since">When the verdict became this.</param>
internal sealed record Standing(ProbeVerdict Probe, string ProbeReason, DateTimeOffset Since)
{
    /// <summary>Whether nothing that was observed speaks against the destination.</summary>
    public bool IsUp(ProbeOptions? probe) => Probe switch
    {
        ProbeVerdict.None or ProbeVerdict.Up => true,
        ProbeVerdict.Pending => probe?.InitiallyUp ?? true,
        _ => false,
    };
}
