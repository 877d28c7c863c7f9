using Gateway.Clusters;
using Gateway.Http.Plain;
using Gateway.Queueing;

namespace Gateway.Http;

/// <summary>What is known of a proxied request when it has ended.</summary>
/// <param name="Context">The request and its response; null on the plain lane.</param>
/// <param name="Method">Its method.</param>
/// <param name="Status">The status of the answer; 0 when the client left before it began.</param>
/// <param name="RouteId">The route that matched.</param>
/// <param name="ClusterId">The cluster it led to.</param>
/// <param name="Destination">The last destination tried; null when none could take the request.</param>
/// <param name="Attempts">How many destinations were tried.</param>
/// <param name="Failure">What went wrong in the last attempt; null when nothing did.</param>
/// <param name="Queued">Time spent waiting for a place at a destination.</param>
/// <param name="Connecting">Time spent on destinations that could not be connected to.</param>
/// <param name="Started">Timestamp at which Gateway began to work on it.</param>
internal readonly record struct RequestEnd(
    HttpContext? Context,
    string Method,
    int Status,
    string RouteId,
    string ClusterId,
    Destination? Destination,
    int Attempts,
    FailureReason? Failure,
    TimeSpan Queued,
    TimeSpan Connecting,
    long Started)
{
    /// <summary>How the waiting for a place ended; null when it had not to wait.</summary>
    public WaitEnd? Waited { get; init; }

    /// <summary>Whether it reached a limit, so that the client was refused.</summary>
    public bool IsRejected { get; init; }

    /// <summary>Whether it was Gateway itself that failed.</summary>
    public bool IsFault { get; init; }

    /// <summary>The request on the plain lane, which is another's after the call; null in the pipeline.</summary>
    public LaneRequest? Lane { get; init; }
}
