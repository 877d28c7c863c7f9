namespace Gateway.Clusters;

/// <summary>A weight a person set at run time, in place of the configured one and of whatever an agent asks for.</summary>
/// <param name="Weight">0 to <see cref="DestinationOptions.MaxWeight"/>; 0 quiesces.</param>
/// <param name="Who">Who set it.</param>
/// <param name="Since">When.</param>
internal sealed record WeightWord(int Weight, string Who, DateTimeOffset Since)
{
    /// <summary>When the configured weight comes back by itself; null is never.</summary>
    public DateTimeOffset? Until { get; init; }
}
