using System.Runtime.CompilerServices;
using Gateway.Clusters;
using Gateway.Http.Forwarding;
using Gateway.Scheduling;

namespace Gateway.Http.Plain;

/// <summary>Leads a request of the plain lane to a destination, and to another after a failure that allows it: by the same
/// rules as <see cref="RequestBalancer"/>, without what needs an <see cref="HttpContext"/>.</summary>
internal sealed class LaneBalancer(
    RequestBalancer balancer, UpstreamTargets targets, UpstreamPool offLoops, LiveRequests live, RequestEvents events,
    ForwardedRequests counts)
{
    /// <summary>Serves a request, whose end is told to <see cref="RequestEvents"/> unless it is Kestrel's.</summary>
    /// <param name="request">The request, which its client has begun.</param>
    /// <param name="plan">What its route asks for.</param>
    /// <param name="scheduler">The scheduler of the route's cluster.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<LaneOutcome> ServeAsync(LaneRequest request, ForwardingPlan plan, ClusterScheduler scheduler)
    {
        request.Start(null, null, plan.RouteId, plan.ClusterId, balancer.Time.GetTimestamp());
        live.Enter(request);
        var outcome = LaneOutcome.Broken;
        try
        {
            var options = scheduler.Cluster.Options;
            var flow = request.FlowFor(scheduler.KeySource);
            var picked = scheduler.Bind(flow);
            if (picked is null)
            {
                // What a refusal looks like is known elsewhere.
                return outcome = LaneOutcome.Kestrels;
            }

            while (picked is not null)
            {
                var tried = picked;
                try
                {
                    if (!UpstreamTarget.IsPlain(tried.Options.Address))
                    {
                        // A reload has given it another scheme since the route was looked up.
                        return outcome = LaneOutcome.Kestrels;
                    }

                    balancer.Begin(request, tried, options);
                    counts.CountLane();
                    request.Exchange.Begin(request.Client, targets.Of(tried), plan.ActivityTimeout, offLoops, balancer.Time);
                    await request.Exchange.RunAsync();
                }
                finally
                {
                    balancer.Release(tried);
                }

                picked = Next(request, options, flow, tried);
            }

            return outcome = End(request);
        }
        finally
        {
            request.Place.Leave(request);
            if (outcome != LaneOutcome.Kestrels)
            {
                Tell(request);
            }

            request.Release();
        }
    }

    /// <summary>Judges a try; the destination to try next, reserved, or null when the request has come to its end.</summary>
    private Destination? Next(LaneRequest request, ClusterOptions options, in Flow flow, Destination tried)
    {
        var client = request.Client;
        if (client.Failure is not { } failed)
        {
            request.Failure = null;
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
        tried.State.CountFailure(failure.Reason);
        request.Failure = failure.Reason;
        if (client.Status != 0
            || !failure.AllowsAnotherTry(client.Method, client.HasBody, options.Retry.OnReset)
            || balancer.BindNext(request, options, flow, failure.Stage) is not { } next)
        {
            return null;
        }

        balancer.NoteRetry(request);
        client.TryAgain();
        return next;
    }

    /// <summary>Writes the end of the answer, or the answer that tells a failure.</summary>
    private static LaneOutcome End(LaneRequest request)
    {
        var client = request.Client;
        if (client.Failure is not { } failed)
        {
            client.WriteEnd();
            return LaneOutcome.Answered;
        }

        if (client.Status != 0 || request.Failure == FailureReason.ClientAborted)
        {
            return LaneOutcome.Broken;
        }

        client.WriteFailure(failed.Status);
        return LaneOutcome.Answered;
    }

    private void Tell(LaneRequest request) => events.Ended?.Invoke(new RequestEnd(
        null, request.Client.Method, request.Client.Status, request.RouteId, request.ClusterId, request.Destination,
        request.Attempts, request.Failure, request.Queued, request.Connecting, request.Started));
}
