using Gateway.Clusters;

namespace Gateway.Telemetry.AccessLogging;

/// <summary>Why a request or connection ended: the closed list of the access log's last word.</summary>
internal enum AccessEnd
{
    /// <summary>As it should: the answer was sent whole, or both sides closed.</summary>
    Completed,

    /// <summary>No route led anywhere.</summary>
    NoRoute,

    /// <summary>No destination was ready.</summary>
    NoDestination,

    /// <summary>Every destination was full, and the cluster's queue had no place for this client.</summary>
    QueueFull,

    /// <summary>Every destination was full, and none had a place within the time of the cluster's queue.</summary>
    QueueTimeout,

    /// <summary>A limit was reached.</summary>
    Rejected,

    ConnectRefused,
    ConnectTimeout,
    ConnectError,
    ResponseTimeout,
    ResponseBroken,
    ClientAborted,

    /// <summary>No byte came for as long as the idle timeout.</summary>
    IdleTimeout,

    /// <summary>Gateway ended it: at its stop or the deadline of a drain, because somebody reset it, or because it could not go on.
    /// </summary>
    Stopped,
}

/// <summary>Says the failure of a flow as the end of a record.</summary>
internal static class AccessEnds
{
    public static AccessEnd From(FailureReason reason) => reason switch
    {
        FailureReason.ConnectRefused => AccessEnd.ConnectRefused,
        FailureReason.ConnectTimeout => AccessEnd.ConnectTimeout,
        FailureReason.ConnectError => AccessEnd.ConnectError,
        FailureReason.ResponseTimeout => AccessEnd.ResponseTimeout,
        FailureReason.ResponseBroken => AccessEnd.ResponseBroken,
        FailureReason.ClientAborted => AccessEnd.ClientAborted,
        FailureReason.BadStatus => AccessEnd.Completed,
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "No word of the access log for this reason."),
    };
}
