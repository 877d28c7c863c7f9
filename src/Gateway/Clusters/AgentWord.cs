namespace Gateway.Clusters;

/// <summary>What an agent beside the destination can ask for.</summary>
internal enum AgentOrder
{
    /// <summary>It is fine; the weight it asks for counts.</summary>
    Up,

    /// <summary>No new clients.</summary>
    Drain,

    /// <summary>Nothing at all: it is being worked on.</summary>
    Maintenance,

    /// <summary>Nothing at all: it does not work.</summary>
    Down,
}

/// <summary>The word of the agent of a destination, or of a probe that returns a weight or knows that it is leaving; of
/// several together.</summary>
/// <param name="Order">What it asks for.</param>
/// <param name="Reason">What it said, short.</param>
/// <param name="Since">When <paramref name="Order"/> became this.</param>
/// <param name="Share">Part of the configured weight, 0 and up; 1 is the configured weight, 0 drains.</param>
internal sealed record AgentWord(AgentOrder Order, string Reason, DateTimeOffset Since, double Share = 1)
{
    /// <summary>A weight in place of the configured one, 0 to <see cref="DestinationOptions.MaxWeight"/>; null is none.
    /// </summary>
    public int? Weight { get; init; }

    /// <summary>Whose order it is: the kind of the probe that gave it, <c>agent</c> for the agent. Null in a word that was saved
    /// before this was known.</summary>
    public string? Source { get; init; }

    /// <summary>A limit of connections below the configured one; null is none.</summary>
    public int? MaxConnections { get; init; }
}
