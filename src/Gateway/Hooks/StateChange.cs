using Gateway.Clusters;

namespace Gateway.Hooks;

/// <summary>What can change for a destination or a cluster, as operators wait for it.</summary>
internal enum StateEvent
{
    /// <summary>The destination is in service.</summary>
    Up,

    /// <summary>It gets no new clients.</summary>
    Draining,

    /// <summary>It gets nothing.</summary>
    Out,

    /// <summary>The cluster has lost its last destination in service.</summary>
    Lost,

    /// <summary>The cluster has a destination in service again.</summary>
    Regained,
}

/// <summary>One change of the state of a destination, or of a cluster.</summary>
/// <param name="Event">What it is.</param>
/// <param name="Cluster">The cluster's id.</param>
/// <param name="Destination">The destination as it is now; null when the change is the cluster's.</param>
/// <param name="Before">What the destination might be given before; null when the change is the cluster's.</param>
/// <param name="InService">How many destinations of the cluster are in service now.</param>
/// <param name="Total">How many it has.</param>
/// <param name="At">When it was published.</param>
internal sealed record StateChange(
    StateEvent Event, string Cluster, Destination? Destination, Availability? Before, int InService, int Total, DateTimeOffset At)
{
    /// <summary>The word for the event, as configuration and receivers know it.</summary>
    public string Word => Event.ToString().ToLowerInvariant();

    /// <summary>Every word that counts, weightiest first; empty when nothing is said against the destination.</summary>
    public string Reason => Destination?.Judgement.Reason ?? "";

    /// <summary>Host and port of the destination, <c>""</c> for a cluster.</summary>
    public string Address => Destination is { Options.Address: var address } ? $"{address.Host}:{address.Port}" : "";
}
