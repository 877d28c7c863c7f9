namespace Gateway.State;

/// <summary>The <c>State</c> section of the configuration; read once, at start.</summary>
internal sealed record StateOptions
{
    /// <summary>Where the state is kept, an absolute path; null keeps none.</summary>
    public string? Directory { get; init; }
}
