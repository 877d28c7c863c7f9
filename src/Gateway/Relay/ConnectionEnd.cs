namespace Gateway.Relay;

/// <summary>Why a relayed connection ended: the closed list used by counters, metrics and the access log.</summary>
internal enum ConnectionEnd
{
    /// <summary>Both sides closed in order, the client first.</summary>
    Client,

    /// <summary>Both sides closed in order, the destination first.</summary>
    Destination,

    /// <summary>The client broke the connection; the destination was reset in turn.</summary>
    ClientReset,

    /// <summary>The destination broke the connection; the client was reset in turn.</summary>
    DestinationReset,

    /// <summary>No byte moved for the idle timeout.</summary>
    Idle,

    /// <summary>One side had closed, and no byte moved for the half-closed timeout.</summary>
    HalfClosed,

    /// <summary>The virtual server was at its limit of connections.</summary>
    Limit,

    /// <summary>No destination was ready.</summary>
    NoDestination,

    /// <summary>Every destination was full, and the cluster's queue had no place for this client.</summary>
    QueueFull,

    /// <summary>Every destination was full, and none had a place within the time of the cluster's queue.</summary>
    QueueTimeout,

    /// <summary>Every destination that was ready failed to connect.</summary>
    ConnectFailed,

    /// <summary>Gateway stopped, and the connection was ended in order towards the end of the shutdown timeout, or outlasted it; or a UDP
    /// session lost its listener, which was closed, or is another virtual server's that does not lead to its destination.</summary>
    Stopped,

    /// <summary>All answers that a UDP session waited for have come.</summary>
    Done,

    /// <summary>Somebody closed it through the management API.</summary>
    Killed,

    /// <summary>The destination or the node was drained, and the connection was ended in order towards the end of the time it was
    /// given, or outlasted it.</summary>
    Drained,

    /// <summary>A proxy in front did not send a valid PROXY protocol header in time.</summary>
    ProxyHeader,

    /// <summary>A TLS client did not send a valid ClientHello in time, or named nothing that is served.</summary>
    Handshake,

    /// <summary>Gateway itself could not go on: out of descriptors, memory or local ports, or an error of its own.</summary>
    Failed,
}

/// <summary>The one-word labels of <see cref="ConnectionEnd"/>.</summary>
internal static class ConnectionEnds
{
    public static int Count { get; } = Enum.GetValues<ConnectionEnd>().Length;

    public static string Label(this ConnectionEnd end) => end switch
    {
        ConnectionEnd.Client => "client",
        ConnectionEnd.Destination => "destination",
        ConnectionEnd.ClientReset => "client_reset",
        ConnectionEnd.DestinationReset => "destination_reset",
        ConnectionEnd.Idle => "idle",
        ConnectionEnd.HalfClosed => "half_closed",
        ConnectionEnd.Limit => "limit",
        ConnectionEnd.NoDestination => "no_destination",
        ConnectionEnd.QueueFull => "queue_full",
        ConnectionEnd.QueueTimeout => "queue_timeout",
        ConnectionEnd.ConnectFailed => "connect_failed",
        ConnectionEnd.Stopped => "stopped",
        ConnectionEnd.Done => "done",
        ConnectionEnd.Killed => "killed",
        ConnectionEnd.Drained => "drained",
        ConnectionEnd.ProxyHeader => "proxy_header",
        ConnectionEnd.Handshake => "handshake",
        ConnectionEnd.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(end), end, "Not an end."),
    };
}
