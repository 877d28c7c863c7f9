using Gateway.Clusters;
using Gateway.Scheduling;
using Microsoft.AspNetCore.Http.Timeouts;
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
    RequestDelegate next, ClusterStore store, ClusterSchedulers schedulers, RequestEvents events, TimeProvider time)
{
    /// <summary>Bounds the time one request can spend on dead destinations to this many connect timeouts.</summary>
    private const int MaxAttempts = 5;

    public async Task InvokeAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        var feature = context.GetReverseProxyFeature();
        var clusterId = feature.Cluster.Config.ClusterId;
        UnmapAddresses(context.Connection);

        Destination? destination = null;
        ForwardingFailure? failure = null;
        var attempts = 0;
        var connecting = TimeSpan.Zero;
        try
        {
            if (schedulers.Find(clusterId) is not { } scheduler)
            {
                // The cluster left the configuration after this request was routed: any destination of it will do.
                await next(context);
                return;
            }

            var exclusions = ExclusionsOf(feature, store.Current.FindCluster(clusterId));
            var flow = RequestFlow.Of(context, scheduler.KeySource, scheduler.PersistenceKeySource);
            var picked = scheduler.Bind(flow, exclusions);
            if (picked is null)
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            }

            while (picked is not null)
            {
                destination = picked;
                attempts++;
                await ForwardAsync(context, feature, destination);
                failure = ForwardingFailure.Of(context);
                if (failure is null)
                {
                    return;
                }

                destination.State.CountFailure(failure.Value.Reason);
                if (attempts == MaxAttempts || !failure.Value.AllowsAnotherTry(context) || !IsWaiting(context))
                {
                    return;
                }

                exclusions ??= new Exclusions();
                exclusions.Add(destination);
                picked = scheduler.Bind(flow, exclusions);
                if (picked is not null)
                {
                    destination.State.CountRetry();
                    connecting = time.GetElapsedTime(started);
                    context.Response.Clear();
                    context.Features.Set<IForwarderErrorFeature>(null);
                }
            }
        }
        finally
        {
            SetTimeoutStatus(context);
            events.Ended?.Invoke(new RequestEnd(
                context, feature.Route.Config.RouteId, clusterId, destination, attempts, failure?.Reason, connecting,
                started));
        }
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

    // YARP's object where it has one, since its passive check marks it; during a reload the store can be ahead of YARP.
    private static YarpDestination YarpStateOf(HttpContext context, Destination destination)
    {
        var cluster = context.GetRouteModel().Cluster;
        return cluster is not null && cluster.Destinations.TryGetValue(destination.Id, out var state)
            ? state
            : new YarpDestination(
                destination.Id, new DestinationModel(new() { Address = destination.Options.Address.OriginalString }));
    }

    // Only session affinity and YARP's passive check narrow the list; without them it need not be looked at.
    private static Exclusions? ExclusionsOf(IReverseProxyFeature feature, Cluster? cluster)
    {
        var config = feature.Cluster.Config;
        if (cluster is null
            || (config.SessionAffinity?.Enabled != true && config.HealthCheck?.Passive?.Enabled != true)
            || feature.AvailableDestinations.Count == feature.AllDestinations.Count)
        {
            return null;
        }

        var exclusions = new Exclusions();
        foreach (var destination in cluster.Destinations)
        {
            if (!feature.AvailableDestinations.Any(d => d.DestinationId == destination.Id))
            {
                exclusions.Add(destination);
            }
        }

        return exclusions;
    }

    private static bool IsWaiting(HttpContext context) =>
        !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested;

    // YARP answers 400 when a route's timeout ends a request, as if the client had been wrong.
    private static void SetTimeoutStatus(HttpContext context)
    {
        if (!context.Response.HasStarted
            && context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested == true)
        {
            context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
        }
    }

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
