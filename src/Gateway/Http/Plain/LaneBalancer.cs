using Gateway.Clusters;
using Gateway.Http.Forwarding;
using Gateway.Scheduling;

namespace Gateway.Http.Plain;

/// <summary>Leads a request of the plain lane to a destination, and to another after a failure that allows it: by the same
/// rules as <see cref="RequestBalancer"/>, without what needs an <see cref="HttpContext"/>. Each step is called by the event
/// that ends the one before; the connection is told the outcome.</summary>
internal sealed partial class LaneBalancer(
    RequestBalancer balancer, UpstreamTargets targets, UpstreamPool offLoops, RequestEvents events, ForwardedRequests counts,
    ILogger<LaneBalancer> logger)
{
    /// <summary>Serves a request, whose end is told to <see cref="RequestEvents"/> unless it is Kestrel's.</summary>
    /// <param name="request">The request, whose head is read.</param>
    /// <param name="plan">What its route asks for.</param>
    /// <param name="scheduler">The scheduler of the route's cluster.</param>
    public void Serve(LaneRequest request, ForwardingPlan plan, ClusterScheduler scheduler)
    {
        try
        {
            request.Begin(plan, scheduler, balancer.Time.GetTimestamp(), events.TimesFirstByte);
            if (scheduler.Bind(request.Flow) is { } picked)
            {
                Try(request, picked);
            }
            else
            {
                // What a refusal looks like is known elsewhere.
                request.Socket.Served(LaneOutcome.Kestrels);
            }
        }
        catch (Exception e)
        {
            Failed(request, e);
        }
    }

    /// <summary>The try has come to its end.</summary>
    public void Exchanged(LaneRequest request)
    {
        var tried = request.Tried!;
        Release(request);
        if (Next(request, tried) is { } next)
        {
            Try(request, next);
        }
        else
        {
            End(request);
        }
    }

    /// <summary>Something went wrong that should not have: the connection is reset.</summary>
    public void Failed(LaneRequest request, Exception exception)
    {
        LogFailed(exception);
        if (request.Socket is not { IsServing: true } socket)
        {
            // It had come to its end before.
            return;
        }

        try
        {
            if (request.Tried is not null)
            {
                Release(request);
            }

            if (!request.IsTold)
            {
                Tell(request, isFault: true);
            }
        }
        catch (Exception e)
        {
            LogFailed(e);
        }

        // Whatever else goes wrong: a request without an end would keep its connection, and with it the listener, for ever.
        socket.Served(LaneOutcome.Broken);
    }

    /// <summary>Tells of what should not have happened.</summary>
    [LoggerMessage(LogLevel.Error, "Error in the plain lane; the connection is reset")]
    public partial void LogFailed(Exception exception);

    private void Try(LaneRequest request, Destination destination)
    {
        request.Tried = destination;
        if (!UpstreamTarget.IsPlain(destination.Options.Address))
        {
            // A reload has given it another scheme since the route was looked up.
            Release(request);
            request.Socket.Served(LaneOutcome.Kestrels);
            return;
        }

        balancer.Begin(request, destination, request.Scheduler.Cluster.Options);
        request.Socket.Destination = destination;
        counts.CountLane();
        request.Exchange.Begin(request.Client, targets.Of(destination), request.Plan.ActivityTimeout, offLoops, balancer.Time);
        request.Steps.Forward(this);
    }

    private void Release(LaneRequest request)
    {
        var tried = request.Tried!;
        request.Tried = null;
        balancer.Release(tried);
    }

    /// <summary>Judges a try; the destination to try next, reserved, or null when the request has come to its end.</summary>
    private Destination? Next(LaneRequest request, Destination tried)
    {
        var client = request.Client;
        var options = request.Scheduler.Cluster.Options;
        if (client.Failure is not { } failed)
        {
            request.Failure = null;
            request.IsShort = false;
            if (options.Passive?.Statuses.Contains(client.Status) == true)
            {
                tried.State.CountFailure(FailureReason.BadStatus);
            }
            else
            {
                tried.State.CountSuccess();
            }

            return null;
        }

        var failure = ForwardingFailure.Of(failed.Error, failed.Exception);
        balancer.CountFailure(tried, failure, failed.Exception);
        request.Failure = failure.Reason;
        request.IsShort = failure.IsShortage;
        if (client.Status != 0
            || request.Socket.IsGone
            || !failure.AllowsAnotherTry(client.Method, client.HasBody, options.Retry.OnReset)
            || balancer.BindNext(request, options, request.Flow, failure.Stage) is not { } next)
        {
            return null;
        }

        balancer.NoteRetry(request);
        client.TryAgain();
        return next;
    }

    /// <summary>Writes the end of the answer, or the answer that tells a failure, and sends it.</summary>
    private void End(LaneRequest request)
    {
        var client = request.Client;
        if (client.Failure is not { } failed)
        {
            client.WriteEnd();
        }
        else if (client.Status == 0 && request.Failure != FailureReason.ClientAborted && !request.Socket.IsGone)
        {
            client.WriteFailure(request.IsShort ? RequestBalancer.ShortageStatus : failed.Status);
        }
        else
        {
            Tell(request);
            request.Socket.Served(LaneOutcome.Broken);
            return;
        }

        Tell(request);
        request.Steps.Flush();
    }

    private void Tell(LaneRequest request, bool isFault = false)
    {
        request.IsTold = true;
        request.Socket.Destination = null;
        events.Ended?.Invoke(new RequestEnd(
            null, request.Client.Method, request.Client.StatusSent, request.RouteId, request.ClusterId, request.Destination,
            request.Attempts, request.Failure, request.Queued, request.Connecting, request.Started)
        {
            Lane = request,
            IsFault = isFault || request.IsShort,
        });
    }
}
