using System.Diagnostics;
using Gateway.Http;
using Gateway.Relay;
using Gateway.Telemetry;
using Gateway.Telemetry.AccessLogging;
using Gateway.Telemetry.Meters;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Hosting;

/// <summary>Hands what HTTP and the relay tell of their traffic to metrics, traces and the access log.</summary>
internal sealed class TrafficObserver(RequestMeter meter, TimeProvider time, AccessLog? accessLog)
{
    public void Observe(RequestEvents requests, ConnectionTable connections)
    {
        requests.Ended = RequestEnded;
        requests.TimesFirstByte = accessLog is not null;
        connections.Ended += CountConnection;
        if (accessLog is not null)
        {
            connections.Ended += ConnectionEnded;
            requests.Rejected = RequestRejected;
        }
    }

    private void RequestEnded(RequestEnd end)
    {
        var duration = time.GetElapsedTime(end.Started);
        meter.Completed(new RequestRecord(end.RouteId, end.ClusterId, end.Method, end.Status, duration));
        if (end is { Failure: null, IsFault: false, IsRejected: false })
        {
            end.Destination?.State.CountEnded(duration);
        }

        if (end.Lane is { } request)
        {
            // The clock is asked once only; that it was set meanwhile hardly ever happens.
            accessLog?.Write(new LaneAccess(request, time), end, time.GetUtcNow() - duration, duration);
            return;
        }

        var context = end.Context!;

        // The feature is looked for only in requests that are traced, whose span, or one within it, is the current one.
        if (Activity.Current is not null && context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } span)
        {
            TraceNaming.Complete(span, (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText, end.Status);
        }

        if (accessLog is not null)
        {
            // The access log's own middleware is still measuring; it takes the rest from here.
            context.Features.Set(new RequestEndFeature(end));
        }
    }

    private void RequestRejected(IFeatureCollection request, int status)
    {
        if (AccessLogMiddleware.Measures(request))
        {
            request.Set(new RejectedFeature());
        }
        else
        {
            // Nobody knows when its head began.
            accessLog!.Write(new RejectedAccess(request, status), null, time.GetUtcNow(), TimeSpan.Zero);
        }
    }

    private static void CountConnection(ConnectionRecord record)
    {
        if (record.Connect > TimeSpan.Zero)
        {
            record.Destination?.State.CountEnded(record.Connect);
        }
    }

    private void ConnectionEnded(ConnectionRecord record) => accessLog!.Write(new AccessRecord
    {
        Time = record.Started,
        Kind = record.IsUdp ? AccessKind.Udp : AccessKind.Tcp,
        Client = record.Client.Address,
        ClientPort = record.Client.Port,
        Listener = record.VirtualServerId,
        Cluster = record.ClusterId,
        Destination = record.Destination?.Id,
        BytesIn = record.BytesSent,
        BytesOut = record.BytesReceived,
        Queue = record.Queued,
        Connect = record.Connect,
        FirstByte = record.FirstByte,
        Total = record.Total,
        Attempts = record.Destination is null ? record.Retries : record.Retries + 1,
        End = record.Failure is { } failure ? AccessEnds.From(failure) : EndOf(record.End),
    });

    private static AccessEnd EndOf(ConnectionEnd end) => end switch
    {
        ConnectionEnd.Client or ConnectionEnd.Destination or ConnectionEnd.Done => AccessEnd.Completed,
        ConnectionEnd.ClientReset => AccessEnd.ClientAborted,
        ConnectionEnd.DestinationReset => AccessEnd.ResponseBroken,
        ConnectionEnd.Idle or ConnectionEnd.HalfClosed => AccessEnd.IdleTimeout,
        ConnectionEnd.Limit or ConnectionEnd.ProxyHeader or ConnectionEnd.Handshake => AccessEnd.Rejected,
        ConnectionEnd.NoDestination => AccessEnd.NoDestination,
        ConnectionEnd.QueueFull => AccessEnd.QueueFull,
        ConnectionEnd.QueueTimeout => AccessEnd.QueueTimeout,
        ConnectionEnd.ConnectFailed => AccessEnd.ConnectError,
        ConnectionEnd.Stopped or ConnectionEnd.Killed or ConnectionEnd.Drained or ConnectionEnd.Failed => AccessEnd.Stopped,
        _ => throw new ArgumentOutOfRangeException(nameof(end), end, "No word of the access log for this end."),
    };
}

/// <summary>Carries the end of a proxied request to the access log's middleware around it.</summary>
internal sealed record RequestEndFeature(RequestEnd End);

/// <summary>Says to it that the request was refused before a route was asked for it.</summary>
internal sealed class RejectedFeature;
