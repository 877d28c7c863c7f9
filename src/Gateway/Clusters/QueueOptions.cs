namespace Gateway.Clusters;

/// <summary>The <c>Queue</c> section of a cluster: requests and relayed connections wait while every
/// destination has as many as it may.</summary>
internal sealed record QueueOptions
{
    /// <summary>Most of them that wait at once.</summary>
    public int Length { get; init; } = 1000;

    /// <summary>How long one waits at most; one that would wait longer is refused at once.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}
