namespace Gateway.Probing;

/// <summary>
/// How a probe ended: a closed list, whose names are also the words of the log, the label of the metric and the reason
/// of a destination's standing.
/// </summary>
internal enum ProbeOutcome
{
    /// <summary>The destination answered as expected.</summary>
    Passed,

    /// <summary>The destination works and answered that it is leaving: no new clients.</summary>
    Leaving,

    /// <summary>Nothing listens there.</summary>
    ConnectRefused,

    /// <summary>The attempt to connect was not answered in time.</summary>
    ConnectTimedOut,

    /// <summary>There is no way to the address, or a firewall on the way says no.</summary>
    Unreachable,

    /// <summary>The name of the destination has no address, or could not be resolved.</summary>
    NameNotFound,

    /// <summary>The TLS handshake failed, or the certificate is not valid for the name.</summary>
    TlsFailed,

    /// <summary>Connected, and then closed or reset before any answer.</summary>
    Closed,

    /// <summary>Closed when only a part of the expected answer had come.</summary>
    TooShort,

    /// <summary>The answer is not the expected one, or not HTTP at all.</summary>
    UnexpectedAnswer,

    /// <summary>HTTP, with a status outside the set.</summary>
    UnexpectedStatus,

    /// <summary>HTTP, with a good status and a body that lacks the expected text.</summary>
    UnexpectedBody,

    /// <summary>The command ended with an exit code that says so, or printed another text.</summary>
    CommandFailed,

    /// <summary>Connected, but the answer was not there in time.</summary>
    TimedOut,

    /// <summary>Gateway itself could not probe, for want of descriptors or memory: says nothing of the destination, and
    /// counts neither for nor against it.</summary>
    LocalFailure,
}
