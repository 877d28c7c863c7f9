using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Gateway.Clusters;
using Gateway.Http.Forwarding;
using Gateway.Http.Overload;
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
/// <remarks>Part of Kestrel's way of each connection of an endpoint that speaks HTTP/1.1, after whatever takes bytes off its
/// beginning: Kestrel's limit of connections, its end in order and its metrics are as ever.</remarks>
internal sealed class PlainLane(
    RouteTable routes, ClusterSchedulers schedulers, UpstreamTargets targets, UpstreamPool offLoops, RequestQueues queues,
    LiveRequests live, RequestEvents events, ForwardedRequests counts, TimeProvider time)
{
    /// <summary>Bytes of a head that may be plain; browsers send less than two thousand.</summary>
    private const int MostHead = 8192;

    private readonly DateLine _date = new(time);

    /// <summary>Whether plain requests are served here; off while something wants to see every request.</summary>
    public bool IsOn { get; set; }

    /// <summary>Serves a connection for as long as its requests are plain, and gives it to Kestrel then.</summary>
    public async Task ServeAsync(ConnectionContext connection, KestrelServerLimits limits, ConnectionDelegate next)
    {
        if (!IsOn || connection.Features.Get<LoopClient>() is not { } client)
        {
            await next(connection);
            return;
        }

        await client.Loop.SwitchAsync();
        client.SlowestRate = limits.MinResponseDataRate;
        if (await ServePlainAsync(connection, client, limits))
        {
            client.SlowestRate = null;
            await next(connection);
        }
    }

    /// <summary>True when the connection is Kestrel's from here on.</summary>
    private async Task<bool> ServePlainAsync(ConnectionContext connection, LoopClient client, KestrelServerLimits limits)
    {
        var input = connection.Transport.Input;
        var most = Math.Min(MostHead, Math.Min(limits.MaxRequestHeadersTotalSize, limits.MaxRequestLineSize));
        var head = new PlainHead(limits.MaxRequestHeaderCount, most);
        var answer = new LaneClient(connection, client, head, _date);
        var request = new LaneRequest(connection, answer);
        using var idle = new IdleConnection(client.Loop, input, limits.KeepAliveTimeout);
        var ending = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        await using var registration = ending.UnsafeRegister(static pipe => ((PipeReader)pipe!).CancelPendingRead(), input);
        while (true)
        {
            idle.Begin();
            ReadResult read;
            try
            {
                read = await input.ReadAsync();
            }
            catch (IOException)
            {
                // The client reset the connection between two requests.
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

            answer.IsLast = head.IsLast || ending.IsCancellationRequested;
            var length = head.Length + (int)Math.Max(head.ContentLength, 0);
            answer.Begin(buffer.First[..length], found.Plan.KeepsHost);
            if (!TryBegin(request, found, connection))
            {
                // What a refusal looks like is known elsewhere.
                input.AdvanceTo(buffer.Start);
                return true;
            }

            try
            {
                await request.Exchange.RunAsync();
            }
            finally
            {
                Leave(request);
            }

            var outcome = End(request, found.Scheduler.Cluster.Options);
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

    /// <summary>Picks a destination and makes ready to forward to it; false when there is none.</summary>
    private bool TryBegin(LaneRequest request, Found found, ConnectionContext connection)
    {
        var picked = found.Scheduler.Bind(FlowOf(connection, found.Scheduler.KeySource));
        if (picked is null)
        {
            return false;
        }

        request.Start(null, null, found.Plan.RouteId, found.Plan.ClusterId, time.GetTimestamp());
        request.Begin(picked);
        live.Enter(request);
        var options = found.Scheduler.Cluster.Options;
        queues.Budget(options.Id).Earn(options.Retry.Budget);
        counts.CountLane();
        request.Exchange.Begin(request.Client, targets.Of(picked), found.Plan.ActivityTimeout, offLoops, time);
        return true;
    }

    private void Leave(LaneRequest request)
    {
        var tried = request.Destination!;
        tried.State.Unbind();
        queues.Freed(tried.ClusterId);
        request.Place.Leave(request);
    }

    /// <summary>Judges what came of a request, tells whoever counts, and writes the end of the answer.</summary>
    private LaneOutcome End(LaneRequest request, ClusterOptions options)
    {
        var client = request.Client;
        var tried = request.Destination!;
        if (client.Failure is not { } failed)
        {
            if (options.Passive?.Statuses.Contains(client.Status) == true)
            {
                tried.State.CountFailure(FailureReason.BadStatus);
            }
            else
            {
                tried.State.CountSuccess();
            }

            client.WriteEnd();
            Tell(request, client.Status);
            return LaneOutcome.Answered;
        }

        var failure = ForwardingFailure.Of(failed.Error, failed.Exception);
        tried.State.CountFailure(failure.Reason);
        request.Failure = failure.Reason;
        if (client.Status == 0 && options.Retry.Tries > 1
            && failure.AllowsAnotherTry(client.Method, client.HasBody, options.Retry.OnReset))
        {
            // The next try is the pipeline's, which knows where this one was.
            tried.State.CountRetry();
            request.Exclusions.Add(tried);
            client.Loop.Tried = new TriedBefore(request.Exclusions, request.Attempts, request.Started, failure.Stage);
            return LaneOutcome.Kestrels;
        }

        if (client.Status != 0 || failure.Reason == FailureReason.ClientAborted)
        {
            Tell(request, client.Status);
            return LaneOutcome.Broken;
        }

        client.WriteFailure(failed.Status);
        Tell(request, failed.Status);
        return LaneOutcome.Answered;
    }

    private void Tell(LaneRequest request, int status) => events.Ended?.Invoke(new RequestEnd(
        null, request.Client.Method, status, request.RouteId, request.ClusterId, request.Destination, request.Attempts,
        request.Failure, request.Queued, request.Connecting, request.Started));

    private static Flow FlowOf(ConnectionContext connection, string? keySource)
    {
        var (client, local) = (connection.RemoteEndPoint as IPEndPoint, connection.LocalEndPoint as IPEndPoint);
        var address = Plain(client?.Address);
        return new Flow(
            address, client?.Port ?? 0, Plain(local?.Address), local?.Port ?? 0,
            keySource is null ? default : FlowKey.OfAddress(address));
    }

    private static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    private enum LaneOutcome
    {
        /// <summary>The answer is written.</summary>
        Answered,

        /// <summary>The answer broke off, and the connection with it.</summary>
        Broken,

        /// <summary>Nothing was written; Kestrel shall serve the request.</summary>
        Kestrels,
    }
}
