namespace Gateway.Clusters;

/// <summary>Why a flow to a destination failed: the closed list used by counters, metrics and the access log.</summary>
internal enum FailureReason
{
    /// <summary>The destination refused the connection.</summary>
    ConnectRefused,

    /// <summary>The destination did not answer the connection attempt in time.</summary>
    ConnectTimeout,

    /// <summary>Any other error while connecting: unreachable, name not found, handshake failed.</summary>
    ConnectError,

    /// <summary>Connected, but no answer came in time.</summary>
    ResponseTimeout,

    /// <summary>The destination closed or reset the connection before its answer was complete.</summary>
    ResponseBroken,

    /// <summary>The answer had a status that the cluster counts as a failure.</summary>
    BadStatus,

    /// <summary>The client went away; never held against the destination.</summary>
    ClientAborted,
}
