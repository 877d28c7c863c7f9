using Gateway.Clusters;

namespace Gateway.Hooks;

/// <summary>One of the <c>Hooks</c>: whom to tell of changes of state, and of which.</summary>
internal sealed record HookOptions
{
    /// <summary>The key of the hook in the configuration.</summary>
    public required string Id { get; init; }

    /// <summary>Where to POST the change as JSON; null runs <see cref="Command"/>.</summary>
    public Uri? Url { get; init; }

    /// <summary>Headers of the request, such as one that says who asks.</summary>
    public ValueList<ProbeHeader> Headers { get; init; } = [];

    /// <summary>Program and arguments to run with the change in its environment.</summary>
    public ValueList<string> Command { get; init; } = [];

    /// <summary>The events to tell of; none is all.</summary>
    public ValueList<StateEvent> On { get; init; } = [];

    /// <summary>The clusters to tell of; none is all.</summary>
    public ValueList<string> Clusters { get; init; } = [];

    /// <summary>Time for one attempt.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Attempts for one change, the first included; between them 1, 2, 4 ... seconds pass, at most 30.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>Whether the hook wants to know.</summary>
    public bool Wants(StateChange change) =>
        (On.Count == 0 || On.Contains(change.Event))
        && (Clusters.Count == 0 || Clusters.Contains(change.Cluster, StringComparer.OrdinalIgnoreCase));
}
