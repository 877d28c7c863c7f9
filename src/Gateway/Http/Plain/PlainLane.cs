using System.Buffers;
using System.IO.Pipelines;
using Gateway.Http.Forwarding;
using Gateway.Http.Transport;
using Gateway.Scheduling;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http.Plain;

/// <summary>
/// Serves plain requests of plain routes on the connection itself, before Kestrel has read a byte. The first request that
/// is not plain goes to Kestrel with all its bytes, and with it all that come after it on the same connection.
/// </summary>
/// <remarks>Connections begin in it (<see cref="EarlyLane"/>), unless something takes bytes off their beginning or Kestrel has to
/// count them: then it is part of Kestrel's way of each connection of an endpoint that speaks HTTP/1.1.</remarks>
internal sealed class PlainLane(RouteTable routes, ClusterSchedulers schedulers, LaneBalancer balancer, TimeProvider time)
{
    /// <summary>Bytes of a head that may be plain; browsers send less than two thousand.</summary>
    private const int MostHead = 8192;

    private readonly DateLine _date = new(time);

    /// <summary>Whether plain requests are served here; off while something wants to see every request.</summary>
    public bool IsOn { get; set; }

    /// <summary>Serves a connection for as long as its requests are plain, and gives it to Kestrel then.</summary>
    public Task ServeAsync(ConnectionContext connection, KestrelServerLimits limits, ConnectionDelegate next) =>
        IsOn && connection.Features.Get<LoopClient>() is { IsPastLane: false } client
            ? ServeAsync(connection, client, limits, next)
            : next(connection);

    private async Task ServeAsync(ConnectionContext connection, LoopClient client, KestrelServerLimits limits, ConnectionDelegate next)
    {
        await client.Loop.SwitchAsync();
        if (await ServeAsync(connection, client, limits))
        {
            await next(connection);
        }
        else
        {
            NoteProtocol(connection);
        }
    }

    /// <summary>Labels the connection's duration (<c>kestrel.connection.duration</c>) as Kestrel does with those it reads.
    /// </summary>
    private static void NoteProtocol(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionMetricsTagsFeature>() is { } metrics)
        {
            metrics.Tags.Add(new("network.protocol.name", "http"));
            metrics.Tags.Add(new("network.protocol.version", "1.1"));
        }
    }

    /// <summary>Serves a connection for as long as its requests are plain, on its loop's thread.</summary>
    /// <returns>True when the connection is Kestrel's from here on.</returns>
    public async Task<bool> ServeAsync(ConnectionContext connection, LoopClient client, KestrelServerLimits limits)
    {
        client.SlowestRate = limits.MinResponseDataRate;
        if (!await ServePlainAsync(connection, client, limits))
        {
            // What is not sent yet is still to be taken at that rate.
            return false;
        }

        client.SlowestRate = null;
        return true;
    }

    private async Task<bool> ServePlainAsync(ConnectionContext connection, LoopClient client, KestrelServerLimits limits)
    {
        var input = connection.Transport.Input;
        var most = Math.Min(MostHead, Math.Min(limits.MaxRequestHeadersTotalSize, limits.MaxRequestLineSize));
        var head = new PlainHead(limits.MaxRequestHeaderCount, most);
        var ending = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        var answer = new LaneClient(connection, client, head, _date, ending);
        var request = new LaneRequest(connection, answer);
        using var idle = new IdleConnection(client.Loop, input, limits.KeepAliveTimeout);
        await using var registration = ending.UnsafeRegister(static pipe => ((PipeReader)pipe!).CancelPendingRead(), input);
        while (true)
        {
            idle.Begin();
            ReadResult read;
            try
            {
                if (!input.TryRead(out read))
                {
                    (connection as ClientConnection)?.Watch();
                    read = await input.ReadAsync();
                }
            }
            catch (Exception e) when (e is IOException or ConnectionAbortedException)
            {
                // The client reset the connection between two requests, or it was cut off from this side.
                return false;
            }
            finally
            {
                idle.End();
            }

            // Whoever cancels a read goes on with what waits for it.
            await client.Loop.SwitchAsync();

            var buffer = read.Buffer;
            if (buffer.IsEmpty && (read.IsCompleted || idle.IsOver || ending.IsCancellationRequested))
            {
                input.AdvanceTo(buffer.Start);
                return false;
            }

            if (!IsOn || read.IsCanceled || read.IsCompleted || Find(head, limits, buffer) is not { } found)
            {
                input.AdvanceTo(buffer.Start);
                return true;
            }

            var length = head.Length + (int)Math.Max(head.ContentLength, 0);
            answer.Begin(buffer.First[..length], found.Plan.KeepsHost);
            var outcome = await balancer.ServeAsync(request, found.Plan, found.Scheduler);
            if (outcome == LaneOutcome.Kestrels)
            {
                input.AdvanceTo(buffer.Start);
                return true;
            }

            input.AdvanceTo(buffer.GetPosition(length));
            if (outcome == LaneOutcome.Broken)
            {
                connection.Abort(new ConnectionAbortedException("The answer broke off."));
                return false;
            }

            var flushed = await connection.Transport.Output.FlushAsync();
            if (flushed.IsCompleted || answer.IsLast)
            {
                return false;
            }
        }
    }

    private readonly record struct Found(ForwardingPlan Plan, ClusterScheduler Scheduler);

    /// <summary>The plain route of a plain request that is all there; null for Kestrel.</summary>
    private Found? Find(PlainHead head, KestrelServerLimits limits, ReadOnlySequence<byte> buffer)
    {
        var bytes = buffer.FirstSpan;
        return head.TryRead(bytes)
            && (limits.MaxRequestBodySize is not { } most || head.ContentLength <= most)
            && Math.Max(head.ContentLength, 0) <= bytes.Length - head.Length
            && routes.Plain.Find(head.HostName, head.Path) is { } plan
            && schedulers.Find(plan.ClusterId) is { } scheduler
            && IsPlain(scheduler)
                ? new Found(plan, scheduler)
                : null;
    }

    private static bool IsPlain(ClusterScheduler scheduler) =>
        scheduler is { KeySource: null or "client", PersistenceKeySource: null }
        && scheduler.Cluster.Options is { Queue: null, Retry.OnStatus.Count: 0 };
}
