using Gateway.Clusters;
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
    RequestDelegate next, ClusterSchedulers schedulers, LiveRequests live, RequestEvents events, TimeProvider time)
{
    /// <summary>Bounds the time one request can spend on dead destinations to this many connect timeouts.</summary>
    private const int MaxAttempts = 5;

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
                request.Attempts, request.Failure, request.Connecting, request.Started));
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
        Exclusions? exclusions = null;
        var picked = BindFirst(scheduler, feature, flow);
        if (picked is null)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }

        while (picked is not null)
        {
            request.Begin(picked);
            await ForwardAsync(context, feature, picked);
            var failure = ForwardingFailure.Of(context);
            request.Failure = failure?.Reason;
            if (failure is null)
            {
                return;
            }

            picked.State.CountFailure(failure.Value.Reason);
            if (request.Attempts == MaxAttempts || !failure.Value.AllowsAnotherTry(context) || !IsWaiting(context))
            {
                return;
            }

            exclusions ??= new Exclusions();
            exclusions.Add(picked);
            var failed = picked;
            // Asked for again: since the first try the destinations may have become others.
            picked = schedulers.Find(clusterId)?.Bind(flow, exclusions);
            if (picked is not null)
            {
                failed.State.CountRetry();
                request.Connecting = time.GetElapsedTime(request.Started);
                context.Response.Clear();
                context.Features.Set<IForwarderErrorFeature>(null);
            }
        }
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
