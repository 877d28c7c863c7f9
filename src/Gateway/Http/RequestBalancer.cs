using Gateway.Clusters;
using Gateway.Http.Overload;
using Gateway.Http.Plain;
using Gateway.Http.Transport;
using Gateway.Scheduling;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Http;

/// <summary>
/// Leads one request to one destination: pick and reserve, forward, release; and on a failure after which that is safe, the
/// same again with the next destination.
/// </summary>
/// <remarks>A request body is not touched before a connection stands, so any method can be tried elsewhere.</remarks>
internal sealed class RequestBalancer(
    ClusterSchedulers schedulers, RequestQueues queues, LiveRequests live, RequestEvents events, TimeProvider time)
{
    /// <summary>How requests are forwarded once it is known where to.</summary>
    internal interface IAttempts
    {
        /// <summary>Forwards a request, and completes when that has come to an end.</summary>
        /// <param name="request">The request.</param>
        /// <param name="destination">Where to; null is wherever YARP wants.</param>
        ValueTask<ForwarderError> ForwardAsync(ProxiedRequest request, Destination? destination);

        /// <summary>The request has come to its end in order, and its object may serve another one.</summary>
        void Ended(ProxiedRequest request);
    }

    public TimeProvider Time => time;

    public ClusterScheduler? Find(string clusterId) => schedulers.Find(clusterId);

    /// <summary>Serves a request from its beginning to its end, which is told to <see cref="RequestEvents"/>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="scheduler">The scheduler of its cluster; null when that left the configuration after the request was
    /// routed: any destination of it will do.</param>
    /// <param name="attempts">How it is forwarded.</param>
    public async Task RunAsync(ProxiedRequest request, ClusterScheduler? scheduler, IAttempts attempts)
    {
        var context = request.Context;
        live.Enter(request);
        try
        {
            if (scheduler is null)
            {
                await attempts.ForwardAsync(request, null);
                return;
            }

            var options = scheduler.Cluster.Options;
            var flow = RequestFlow.Of(context, scheduler.KeySource, scheduler.PersistenceKeySource);
            var hasQueue = options.Queue is not null;

            // Those who wait are not overtaken.
            var picked = hasQueue && queues.AreWaiting(options.Id) ? null
                : Resume(request) is { } before ? BindNext(request, before, options.Id, flow)
                : BindFirst(scheduler, request.Yarp, flow);
            if (picked is null && hasQueue && IsWorthWaiting(scheduler))
            {
                var since = time.GetTimestamp();
                picked = await queues.WaitAsync(scheduler.Cluster, flow, context.RequestAborted);
                request.Queued = time.GetElapsedTime(since);
            }

            if (picked is null)
            {
                int? retryAfter = IsWorthWaiting(scheduler) ? queues.Find(options.Id)?.RetryAfter ?? 1 : null;
                await Refusal.WriteAsync(context, options.Sorry, retryAfter);
                return;
            }

            var budget = queues.Budget(options.Id);
            budget.Earn(options.Retry.Budget);
            while (picked is not null)
            {
                var tried = picked;
                request.Begin(tried);
                var attempt = options.Retry.OnStatus.Count > 0 ? PrepareStatusRetry(request, options, flow, budget) : null;
                try
                {
                    await attempts.ForwardAsync(request, tried);
                }
                finally
                {
                    tried.State.Unbind();
                    queues.Freed(tried.ClusterId);
                }

                picked = Next(request, options, flow, budget, attempt, tried);
            }
        }
        finally
        {
            request.Place.Leave(request);
            if (ClientAbort.IsTimeout(context) && !context.Response.HasStarted)
            {
                // From YARP it is 400, as if the client had been wrong.
                context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
            }

            events.Ended?.Invoke(new RequestEnd(
                context, context.Request.Method, StatusOf(request), request.RouteId, request.ClusterId, request.Destination,
                request.Attempts, request.Failure, request.Queued, request.Connecting, request.Started));
        }

        attempts.Ended(request);
    }

    /// <summary>The status the client got; 0 when it had left before.</summary>
    private static int StatusOf(ProxiedRequest request)
    {
        // Asked of those only that got no answer of a destination, since Kestrel makes a token for each request that is asked.
        var response = request.Context.Response;
        var isAbandoned = (request.Destination is null || request.Failure is not (null or FailureReason.ResponseTimeout))
            && !response.HasStarted
            && request.Context.RequestAborted.IsCancellationRequested;
        return isAbandoned ? 0 : response.StatusCode;
    }

    /// <summary>Judges a try; the destination to try next, reserved, or null when the request has come to its end.</summary>
    private Destination? Next(
        ProxiedRequest request, ClusterOptions options, in Flow flow, RetryBudget budget, StatusRetry.Attempt? attempt,
        Destination tried)
    {
        var context = request.Context;
        var failure = Judge(context, options, attempt, tried);

        // A status that counts against the destination is an answer all the same.
        request.Failure = failure is { Reason: not FailureReason.BadStatus } broken ? broken.Reason : null;
        var next = attempt?.Next;
        if (next is null && request.Failure is not null
            && request.Attempts < options.Retry.Tries
            && failure!.Value.AllowsAnotherTry(context, options.Retry.OnReset) && IsWaiting(context))
        {
            next = BindNext(request, options.Id, flow, failure.Value.Stage == ForwardingStage.NothingSent ? null : budget);
        }

        if (next is not null)
        {
            tried.State.CountRetry();
            request.Connecting = time.GetElapsedTime(request.Started) - request.Queued;
            context.Response.Clear();
            context.Features.Set<IForwarderErrorFeature>(null);
        }

        return next;
    }

    /// <summary>Reserves a destination where the request has not been yet; null when there is none, or no budget for it.
    /// </summary>
    private Destination? BindNext(ProxiedRequest request, string clusterId, in Flow flow, RetryBudget? budget)
    {
        if (request.Destination is { } tried)
        {
            request.Exclusions.Add(tried);
        }

        // The budget first: a turn that is taken and not used would send the next request where this one failed.
        if (budget?.TrySpend() == false)
        {
            return null;
        }

        // Asked for again: since the first try the destinations may have become others.
        var next = schedulers.Find(clusterId)?.Bind(flow, request.Exclusions);
        if (next is null)
        {
            budget?.GiveBack();
        }

        return next;
    }

    /// <summary>What the plain lane has tried for this request; null when it has not.</summary>
    private static TriedBefore? Resume(ProxiedRequest request)
    {
        if (request.Context.Features.Get<LoopClient>() is not { Tried: { } before } client)
        {
            return null;
        }

        client.Tried = null;
        request.Continue(before);
        return before;
    }

    private Destination? BindNext(ProxiedRequest request, TriedBefore before, string clusterId, in Flow flow)
    {
        request.Connecting = time.GetElapsedTime(request.Started);
        return BindNext(request, clusterId, flow, before.Stage == ForwardingStage.NothingSent ? null : queues.Budget(clusterId));
    }

    /// <summary>Lets an answer of some statuses be held back, if the request may be repeated.</summary>
    private StatusRetry.Attempt? PrepareStatusRetry(
        ProxiedRequest request, ClusterOptions options, Flow flow, RetryBudget budget)
    {
        var attempt = request.Attempts < options.Retry.Tries && ForwardingFailure.MayRepeat(request.Context, options.Retry.OnReset)
            ? new StatusRetry.Attempt(options.Retry.OnStatus, () => BindNext(request, options.Id, flow, budget))
            : null;
        request.Context.Features.Set(attempt);
        return attempt;
    }

    /// <summary>What was wrong with a try, which the destination's counters are told.</summary>
    private static ForwardingFailure? Judge(
        HttpContext context, ClusterOptions options, StatusRetry.Attempt? attempt, Destination tried)
    {
        var failure = ForwardingFailure.Of(context);
        if (failure is null
            && (attempt?.Next is not null || options.Passive?.Statuses.Contains(context.Response.StatusCode) == true))
        {
            failure = new ForwardingFailure(FailureReason.BadStatus, ForwardingStage.Answering);
        }

        if (failure is { } broken)
        {
            tried.State.CountFailure(broken.Reason);
        }
        else
        {
            tried.State.CountSuccess();
        }

        return failure;
    }

    /// <summary>Whether destinations are there and only full.</summary>
    private static bool IsWorthWaiting(ClusterScheduler scheduler)
    {
        foreach (var destination in scheduler.Destinations)
        {
            if (destination.EffectiveWeight > 0)
            {
                return true;
            }
        }

        return false;
    }

    // Where affinity points, if that can serve; elsewhere rather than nowhere.
    private static Destination? BindFirst(ClusterScheduler scheduler, IReverseProxyFeature? feature, in Flow flow)
    {
        var besideAffinity = feature is null ? null : YarpExclusions.BesideAffinity(feature, scheduler.Cluster);
        return (besideAffinity is null ? null : scheduler.Bind(flow, besideAffinity)) ?? scheduler.Bind(flow);
    }

    private static bool IsWaiting(HttpContext context) =>
        !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested;
}
