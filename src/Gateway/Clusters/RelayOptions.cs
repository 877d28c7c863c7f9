namespace Gateway.Clusters;

/// <summary>The <c>Relay</c> section of the configuration; read once, at start.</summary>
internal sealed record RelayOptions
{
    /// <summary>What moves the bytes: <c>auto</c> is event loops where they work, which is Linux, <c>sockets</c> is .NET
    /// sockets.</summary>
    public string Engine { get; init; } = "auto";

    /// <summary>Number of event loops, each a thread; 0 is one for each processor.</summary>
    public int Loops { get; init; }
}
