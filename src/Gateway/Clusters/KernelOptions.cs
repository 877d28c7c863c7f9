namespace Gateway.Clusters;

/// <summary>The <c>Kernel</c> section of the configuration; read once, at start.</summary>
internal sealed record KernelOptions
{
    /// <summary><c>remove</c>: the kernel's rules go when Gateway is told to stop; <c>keep</c>: they stay for the next start.
    /// </summary>
    public string OnStop { get; init; } = "remove";

    /// <summary>Most elements of each map of flows or clients, 64 to 16777216.</summary>
    public int MaxFlows { get; init; } = 262_144;
}
