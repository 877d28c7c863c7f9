namespace Gateway.Clusters;

/// <summary>The <c>PassiveCheck</c> section of a cluster: destinations that real traffic fails at are taken out for a while.
/// </summary>
internal sealed record PassiveOptions
{
    /// <summary>Failures in a row that eject a destination. What a client aborts is no failure.</summary>
    public int Failures { get; init; } = 5;

    /// <summary>Status codes of answers that count as failures.</summary>
    public ValueList<int> Statuses { get; init; } = [];

    /// <summary>How long the first ejection lasts; each that follows soon lasts twice as long.</summary>
    public TimeSpan Ejection { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an ejection lasts at most, and how long a destination must do well for the next to be short again.
    /// </summary>
    public TimeSpan LongestEjection { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The most destinations of the cluster that are out by this at once, in percent of all, but at least one;
    /// never the last one in service.</summary>
    public int MostEjected { get; init; } = 50;
}
