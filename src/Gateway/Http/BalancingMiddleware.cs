using Gateway.Clusters;
using Gateway.Http.Overload;
using Gateway.Http.WebSockets;
using Gateway.Scheduling;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;
using YarpDestination = Yarp.ReverseProxy.Model.DestinationState;

namespace Gateway.Http;

/// <summary>
/// Leads one request to one destination: pick and reserve, forward, release; and on a failure after which that is safe, the
/// same again with the next destination.
/// </summary>
/// <remarks>
/// In place of YARP's load balancing, which does not ask its policy when one destination is available, counts too late for
/// a limit, and never tries twice. It stands in YARP's pipeline after session affinity and narrows the available
/// destinations to one. A request body is not touched before a connection stands, so any method can be tried elsewhere.
/// </remarks>
internal sealed class BalancingMiddleware(
    RequestDelegate next,
    ClusterSchedulers schedulers,
    RequestQueues queues,
    LiveRequests live,
    RequestEvents events,
    TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var feature = context.GetReverseProxyFeature();
        UnmapAddresses(context.Connection);
        if (IsHostEmpty(context.Request))
        {
            // Forwarded, it would stand beside the Host that the client library writes.
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var request = new ProxiedRequest(context, time.GetTimestamp());
        live.Enter(request);
        try
        {
            await BalanceAsync(context, feature, request);
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
                context, feature.Route.Config.RouteId, feature.Cluster.Config.ClusterId, request.Destination,
                request.Attempts, request.Failure, request.Queued, request.Connecting, request.Started));
        }
    }

    private async Task BalanceAsync(HttpContext context, IReverseProxyFeature feature, ProxiedRequest request)
    {
        var clusterId = feature.Cluster.Config.ClusterId;
        if (schedulers.Find(clusterId) is not { } scheduler)
        {
            // The cluster left the configuration after this request was routed: any destination of it will do.
            await next(context);
            return;
        }

        ClosableUpgrades.Prepare(request);
        var flow = RequestFlow.Of(context, scheduler.KeySource, scheduler.PersistenceKeySource);
        var hasQueue = scheduler.Cluster.Options.Queue is not null;
        // Those who wait are not overtaken.
        var picked = hasQueue && queues.AreWaiting(clusterId) ? null : BindFirst(scheduler, feature, flow);
        if (picked is null && hasQueue && IsWorthWaiting(scheduler))
        {
            var since = time.GetTimestamp();
            picked = await queues.WaitAsync(scheduler.Cluster, flow, context.RequestAborted);
            request.Queued = time.GetElapsedTime(since);
        }

        if (picked is null)
        {
            int? retryAfter = IsWorthWaiting(scheduler) ? queues.Find(clusterId)?.RetryAfter ?? 1 : null;
            await Refusal.WriteAsync(context, scheduler.Cluster.Options.Sorry, retryAfter);
            return;
        }

        await TryAsync(context, feature, request, scheduler.Cluster.Options, flow, picked);
    }

    private async Task TryAsync(
        HttpContext context, IReverseProxyFeature feature, ProxiedRequest request, ClusterOptions options, Flow flow,
        Destination? picked)
    {
        var budget = queues.Budget(options.Id);
        budget.Earn(options.Retry.Budget);
        while (picked is not null)
        {
            var tried = picked;
            request.Begin(tried);
            var attempt = options.Retry.OnStatus.Count > 0 ? PrepareStatusRetry(request, options, flow, budget) : null;
            await ForwardAsync(context, feature, tried);
            var failure = Judge(context, options, attempt, tried);
            // A status that counts against the destination is an answer all the same.
            request.Failure = failure is { Reason: not FailureReason.BadStatus } broken ? broken.Reason : null;
            picked = attempt?.Next;
            if (picked is null && request.Failure is not null)
            {
                if (request.Attempts >= options.Retry.Tries
                    || !failure!.Value.AllowsAnotherTry(context, options.Retry.OnReset) || !IsWaiting(context))
                {
                    return;
                }

                picked = BindNext(request, options.Id, flow, failure.Value.Stage == ForwardingStage.NothingSent ? null : budget);
            }

            if (picked is not null)
            {
                tried.State.CountRetry();
                request.Connecting = time.GetElapsedTime(request.Started) - request.Queued;
                context.Response.Clear();
                context.Features.Set<IForwarderErrorFeature>(null);
            }
        }
    }

    /// <summary>Reserves a destination where the request has not been yet; null when there is none, or no budget for it.
    /// </summary>
    private Destination? BindNext(ProxiedRequest request, string clusterId, Flow flow, RetryBudget? budget)
    {
        request.Exclusions.Add(request.Destination!);
        // Asked for again: since the first try the destinations may have become others.
        var next = schedulers.Find(clusterId)?.Bind(flow, request.Exclusions);
        if (next is not null && budget?.TrySpend() == false)
        {
            next.State.Unbind();
            return null;
        }

        return next;
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
    private static Destination? BindFirst(ClusterScheduler scheduler, IReverseProxyFeature feature, in Flow flow)
    {
        var besideAffinity = YarpExclusions.BesideAffinity(feature, scheduler.Cluster);
        return (besideAffinity is null ? null : scheduler.Bind(flow, besideAffinity)) ?? scheduler.Bind(flow);
    }

    private async Task ForwardAsync(HttpContext context, IReverseProxyFeature feature, Destination destination)
    {
        try
        {
            feature.ProxiedDestination = null;
            feature.AvailableDestinations = YarpStateOf(context, destination);
            await next(context);
        }
        finally
        {
            destination.State.Unbind();
            queues.Freed(destination.ClusterId);
        }
    }

    // YARP's object where it has the same, since its passive check marks it; during a reload the two can differ.
    private static YarpDestination YarpStateOf(HttpContext context, Destination destination)
    {
        var address = destination.Options.Address.OriginalString;
        var cluster = context.GetRouteModel().Cluster;
        return cluster is not null
            && cluster.Destinations.TryGetValue(destination.Id, out var state)
            && state.Model.Config.Address == address
                ? state
                : new YarpDestination(destination.Id, new DestinationModel(new() { Address = address, Host = destination.Options.Host }));
    }

    private static bool IsHostEmpty(HttpRequest request) =>
        request.Headers.Host is { Count: 1 } host && string.IsNullOrEmpty(host[0]);

    private static bool IsWaiting(HttpContext context) =>
        !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested;

    // IPv4 clients of a dual-stack listener appear as ::ffff:192.0.2.1, which no X-Forwarded-For reader and no hash wants.
    private static void UnmapAddresses(ConnectionInfo connection)
    {
        if (connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } remote)
        {
            connection.RemoteIpAddress = remote.MapToIPv4();
        }

        if (connection.LocalIpAddress is { IsIPv4MappedToIPv6: true } local)
        {
            connection.LocalIpAddress = local.MapToIPv4();
        }
    }
}
