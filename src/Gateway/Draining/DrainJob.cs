namespace Gateway.Draining;

/// <summary>How a drain stands.</summary>
internal enum DrainStatus
{
    /// <summary>Something is still in progress, or known clients may still return.</summary>
    Running,

    /// <summary>Everything has ended by itself.</summary>
    Empty,

    /// <summary>The deadline came, and what was left was cut off.</summary>
    Cut,

    /// <summary>It was taken back.</summary>
    Cancelled,
}

/// <summary>The draining of one destination, one cluster or the whole node.</summary>
/// <param name="Id">Unique in this Gateway.</param>
/// <param name="ClusterId">The cluster; null is the whole node.</param>
/// <param name="DestinationId">The destination; null is all of the cluster.</param>
/// <param name="Who">Who ordered it.</param>
/// <param name="Why">In their own words; may be empty.</param>
/// <param name="Started">When.</param>
internal sealed record DrainJob(
    string Id, string? ClusterId, string? DestinationId, string Who, string Why, DateTimeOffset Started)
{
    /// <summary>Until when clients that persistence remembers may return; null is until the deadline, or while they are
    /// remembered if there is none.</summary>
    public DateTimeOffset? StickyUntil { get; init; }

    /// <summary>When what is left is cut off; null is never.</summary>
    public DateTimeOffset? Deadline { get; init; }

    public DrainStatus Status { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>How many flows were cut off at the deadline.</summary>
    public int CutOff { get; init; }

    /// <summary>Whether the process ends with it.</summary>
    public bool IsShutdown { get; init; }

    public bool IsNode => ClusterId is null;

    /// <summary>Whether its flows are still being ended.</summary>
    public bool IsRunning => Status == DrainStatus.Running;

    public override string ToString() =>
        ClusterId is null ? "the node" : DestinationId is null ? $"cluster {ClusterId}" : $"{ClusterId}/{DestinationId}";
}
