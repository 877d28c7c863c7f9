using System.Diagnostics;
using Gateway.Clusters;
using Gateway.Http.Forwarding;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Gateway.Http.Plain;

/// <summary>Serves requests of plain routes: a look-up instead of routing, and none of the steps between routing and
/// forwarding, of which they need none. Everything else goes on through the pipeline.</summary>
internal sealed class PlainMiddleware(
    RequestDelegate next, RouteTable routes, RequestBalancer balancer, UpstreamTargets targets, UpstreamPool offLoops,
    ForwardedRequests counts)
    : RequestBalancer.IAttempts
{
    public Task InvokeAsync(HttpContext context)
    {
        if (routes.Plain.Find(context.Request.Host.Value, context.Request.Path.Value) is not { } plan
            || !IsPlain(context)
            || RequestHead.TargetOf(context) is not { } target
            || balancer.Find(plan.ClusterId) is not { } scheduler
            || scheduler.Cluster.Options.Retry.OnStatus.Count > 0)
        {
            return next(context);
        }

        ClientAddresses.Unmap(context.Connection);
        var request = Spare<PlainRequest>.Take();
        request.Start(context, plan, target, balancer.Time.GetTimestamp());
        return balancer.RunAsync(request, scheduler, this);
    }

    public ValueTask<ForwarderError> ForwardAsync(ProxiedRequest request, Destination? destination)
    {
        var plain = (PlainRequest)request;
        if (!UpstreamTarget.IsPlain(destination!.Options.Address))
        {
            return ForwardThroughYarpAsync(plain, destination);
        }

        counts.CountPipeline();
        plain.Exchange.Begin(plain.Client, targets.Of(destination), plain.Plan.ActivityTimeout, offLoops, balancer.Time);
        return plain.Exchange.RunAsync();
    }

    public void Ended(ProxiedRequest request)
    {
        var plain = (PlainRequest)request;
        if (plain.Client.Loop?.Loop.IsCurrentThread != false)
        {
            // Elsewhere than on its loop, word of the client's end may be on its way.
            plain.Release();
            Spare<PlainRequest>.Return(plain);
        }
    }

    /// <summary>A reload has given the destination another scheme since the route was looked up.</summary>
    private async ValueTask<ForwarderError> ForwardThroughYarpAsync(PlainRequest request, Destination destination)
    {
        request.HasGoneOn = true;
        request.Context.Features.Set(new BalancingMiddleware.Picked(destination));
        await next(request.Context);
        return ForwardingFailure.ErrorOf(request.Context);
    }

    /// <summary>Whether the request itself asks for nothing special.</summary>
    private static bool IsPlain(HttpContext context)
    {
        var request = context.Request;
        return Activity.Current is null
            && !BalancingMiddleware.IsHostEmpty(request)
            && !HttpMethods.IsConnect(request.Method)
            && !IsUpgrade(context)
            && request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) != true
            && !SessionCookie.IsIn(request.Headers.Cookie)
            && !context.Response.HasStarted;
    }

    // The server looks for the word in this header.
    private static bool IsUpgrade(HttpContext context) =>
        context.Request.Headers.Connection.Count > 0 && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };
}
