using System.Diagnostics;
using System.Net;
using Gateway.Http;
using Gateway.Queueing;
using Gateway.Telemetry.AccessLogging;

namespace Gateway.Hosting;

/// <summary>What the access log wants to know of an HTTP request, beside what is known of a proxied one when it has ended.
/// </summary>
internal interface IAccessedRequest
{
    IPAddress? Client { get; }

    int ClientPort { get; }

    /// <summary>The address that the client has reached.</summary>
    IPAddress? Local { get; }

    int LocalPort { get; }

    /// <summary>Null when it could not be read.</summary>
    string? Method { get; }

    string? Host { get; }

    string? Path { get; }

    /// <summary>The query with its question mark; null without.</summary>
    string? Query { get; }

    /// <summary>The status of the answer if it was not proxied; 0 when the client left before.</summary>
    int Status { get; }

    /// <summary>Whether it was refused before a route was asked for it.</summary>
    bool IsRejected { get; }

    long BytesIn { get; }

    long BytesOut { get; }

    /// <summary>From the beginning to the first byte of the answer's body; zero when none came.</summary>
    TimeSpan FirstByte { get; }

    ActivityTraceId TraceId { get; }
}

/// <summary>Makes the records of HTTP requests, the same for the plain lane and the pipeline.</summary>
internal static class HttpAccess
{
    /// <param name="log">Where to write.</param>
    /// <param name="request">The request.</param>
    /// <param name="end">What is known of it if it was proxied.</param>
    /// <param name="began">When it began.</param>
    /// <param name="total">How long it took.</param>
    public static void Write<TRequest>(
        this AccessLog log, in TRequest request, in RequestEnd? end, DateTimeOffset began, TimeSpan total)
        where TRequest : IAccessedRequest => log.Write(new AccessRecord
        {
            Time = began,
            Kind = AccessKind.Http,
            Client = request.Client,
            ClientPort = request.ClientPort,
            Local = request.Local,
            LocalPort = request.LocalPort,
            Route = end?.RouteId,
            Cluster = end?.ClusterId,
            Destination = end?.Destination?.Id,
            Method = request.Method,
            Host = request.Host,
            Path = request.Path,
            Query = log.HasQueries ? request.Query : null,
            Status = end?.Status ?? request.Status,
            BytesIn = request.BytesIn,
            BytesOut = request.BytesOut,
            Queue = end?.Queued ?? default,
            Connect = end?.Connecting ?? default,
            FirstByte = request.FirstByte,
            Total = total,
            Attempts = end?.Attempts ?? 0,
            End = EndOf(request, end),
            TraceId = request.TraceId,
        });

    private static AccessEnd EndOf<TRequest>(in TRequest request, in RequestEnd? end)
        where TRequest : IAccessedRequest =>
        end is null ? request.IsRejected ? AccessEnd.Rejected : EndOf(request.Status)
        : end.Value.IsFault ? AccessEnd.Stopped
        : end.Value.IsRejected ? AccessEnd.Rejected
        : end.Value.Failure is { } failure ? AccessEnds.From(failure)
        : end.Value.Destination is null ? EndOf(end.Value.Waited)
        : end.Value.Status == 0 ? AccessEnd.ClientAborted
        : AccessEnd.Completed;

    private static AccessEnd EndOf(int status) => status switch
    {
        0 => AccessEnd.ClientAborted,
        StatusCodes.Status404NotFound => AccessEnd.NoRoute,
        _ => AccessEnd.Completed,
    };

    private static AccessEnd EndOf(WaitEnd? waited) => waited switch
    {
        WaitEnd.Full => AccessEnd.QueueFull,
        WaitEnd.Late => AccessEnd.QueueTimeout,
        WaitEnd.Left => AccessEnd.ClientAborted,
        _ => AccessEnd.NoDestination,
    };
}
