namespace Gateway.Clusters;

/// <summary>The kinds of flows in progress that end in different ways.</summary>
internal enum FlowKind
{
    /// <summary>An HTTP request: ends with its answer.</summary>
    Request,

    /// <summary>A WebSocket: can be told to close.</summary>
    WebSocket,

    /// <summary>A relayed TCP connection: can be half-closed.</summary>
    Connection,

    /// <summary>A UDP client: runs out when it is silent.</summary>
    Session,

    /// <summary>An HTTP connection of a client, whatever requests it carries and to whom: can be told to come to an end.
    /// </summary>
    ClientConnection,
}

/// <summary>One flow in progress, as far as it matters to whoever wants it to end. It may have ended by the time it is
/// looked at; all members may be called from any thread.</summary>
internal interface ILiveFlow
{
    FlowKind Kind { get; }

    /// <summary>Where it goes; null for a client's connection, and while there is none.</summary>
    Destination? Destination { get; }

    /// <summary>Whether it was told to end in order.</summary>
    bool IsAsked { get; }

    /// <summary>Tells it to end in order, as its protocol knows: nothing happens where it knows no way.</summary>
    void AskToEnd();

    /// <summary>Cuts it off.</summary>
    void Abort();
}

/// <summary>The flows in progress of one part of Gateway.</summary>
internal interface ILiveFlows
{
    /// <summary>All of them; those that come or go meanwhile may or may not be among them.</summary>
    IReadOnlyCollection<ILiveFlow> Snapshot();
}
