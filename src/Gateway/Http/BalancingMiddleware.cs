using Gateway.Clusters;
using Gateway.Http.WebSockets;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;
using YarpDestination = Yarp.ReverseProxy.Model.DestinationState;

namespace Gateway.Http;

/// <summary>Balances a request that passes through YARP's pipeline.</summary>
/// <remarks>
/// In place of YARP's load balancing, which does not ask its policy when one destination is available, counts too late for
/// a limit, and never tries twice. It stands in YARP's pipeline after session affinity and narrows the available
/// destinations to one.
/// </remarks>
internal sealed class BalancingMiddleware(RequestDelegate next, RequestBalancer balancer, RejectedRequests rejected)
    : RequestBalancer.IAttempts
{
    public Task InvokeAsync(HttpContext context)
    {
        var feature = context.GetReverseProxyFeature();
        if (context.Features.Get<Picked>() is { } picked)
        {
            feature.AvailableDestinations = YarpStateOf(context, picked.Destination);
            return next(context);
        }

        ClientAddresses.Unmap(context.Connection);
        if (IsHostEmpty(context.Request))
        {
            // Forwarded, it would stand beside the Host that the client library writes.
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            rejected.Add(context.Features, StatusCodes.Status400BadRequest);
            return Task.CompletedTask;
        }

        var clusterId = feature.Cluster.Config.ClusterId;
        var request = new ProxiedRequest();
        request.Start(context, feature, feature.Route.Config.RouteId, clusterId, balancer.Time.GetTimestamp());
        var scheduler = balancer.Find(clusterId);
        if (scheduler is not null)
        {
            ClosableUpgrades.Prepare(request);
        }

        return balancer.RunAsync(request, scheduler, this);
    }

    /// <summary>Whether a request names its host with nothing.</summary>
    public static bool IsHostEmpty(HttpRequest request) =>
        request.Headers.Host is { Count: 1 } host && string.IsNullOrEmpty(host[0]);

    public async ValueTask<ForwarderError> ForwardAsync(ProxiedRequest request, Destination? destination)
    {
        if (destination is not null)
        {
            var feature = request.Yarp!;
            feature.ProxiedDestination = null;
            feature.AvailableDestinations = YarpStateOf(request.Context, destination);
        }

        await next(request.Context);
        return ForwardingFailure.ErrorOf(request.Context);
    }

    public void Ended(ProxiedRequest request)
    {
        // It was made for this request alone.
    }

    /// <summary>Somebody has picked a destination, counts the request, and tries another if that fails; a feature of the
    /// request.</summary>
    public sealed record Picked(Destination Destination);

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
}
