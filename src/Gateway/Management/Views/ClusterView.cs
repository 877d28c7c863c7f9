namespace Gateway.Management.Views;

/// <summary>One cluster as the API tells it.</summary>
internal sealed record ClusterView
{
    public required string Id { get; init; }

    /// <summary><c>ok</c>: all ready; <c>degraded</c>: some; <c>down</c>: none; <c>empty</c>: it has no destination.</summary>
    public required string State { get; init; }

    /// <summary>Canonical name of the scheduler.</summary>
    public required string Scheduler { get; init; }

    /// <summary>Kind of the probe, of several the first; null is none.</summary>
    public string? Probe { get; init; }

    /// <summary>What clients are remembered by; null is no persistence.</summary>
    public string? Persistence { get; init; }

    public required int Total { get; init; }

    /// <summary>Destinations that take new flows.</summary>
    public required int Ready { get; init; }

    public required int Draining { get; init; }

    /// <summary>Destinations out of service, for whatever reason.</summary>
    public required int Out { get; init; }

    public required long Active { get; init; }

    public required long Flows { get; init; }

    public required double Rate { get; init; }

    public required long Errors { get; init; }

    /// <summary>Its queue of requests and relayed connections; null when it has none.</summary>
    public QueueView? Queue { get; init; }

    /// <summary>The routes that lead to it.</summary>
    public required IReadOnlyList<string> Routes { get; init; }

    /// <summary>The virtual servers that lead to it.</summary>
    public required IReadOnlyList<string> VirtualServers { get; init; }

    /// <summary>The paths of those that ask for the kernel.</summary>
    public required IReadOnlyList<PathView> Paths { get; init; }

    /// <summary>The destinations in the order of the configuration; null in a list of clusters.</summary>
    public IReadOnlyList<DestinationView>? Destinations { get; init; }
}

/// <summary>The requests and relayed connections of a cluster that wait for a place at a destination.</summary>
/// <param name="Waiting">How many wait now.</param>
/// <param name="Length">How many may wait at once.</param>
/// <param name="Refused">How many were refused or waited in vain since the start.</param>
internal sealed record QueueView(int Waiting, int Length, long Refused);
