namespace Gateway.Clusters;

/// <summary>The <c>Http</c> section of the configuration; read once, at start.</summary>
internal sealed record HttpOptions
{
    /// <summary>What forwards requests: <c>gateway</c> is Gateway's own forwarder where it can, and YARP's elsewhere;
    /// <c>yarp</c> is YARP's alone.</summary>
    public string Forwarder { get; init; } = "gateway";

    /// <summary>What moves the bytes of clients: <c>loops</c> is event loops where they work, which is Linux,
    /// <c>sockets</c> is .NET sockets.</summary>
    public string Transport { get; init; } = "loops";

    /// <summary>Whether plain requests of plain routes are served on the connection, before Kestrel reads them; takes
    /// Gateway's own forwarder and the loops.</summary>
    public bool PlainLane { get; init; } = true;

    /// <summary>Whether the kernel keeps a connection to itself until its client has sent something, for a second at most; takes the
    /// loops.</summary>
    public bool DeferAccept { get; init; } = true;

    /// <summary>Number of event loops, each a thread; 0 is one for each processor.</summary>
    public int Loops { get; init; }
}
