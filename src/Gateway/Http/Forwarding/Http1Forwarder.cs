using System.Diagnostics;
using System.Runtime.CompilerServices;
using Gateway.Clusters;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Gateway.Http.Forwarding;

/// <summary>Gateway's own forwarder: HTTP/1.1 without TLS to the destination, for routes that ask for nothing special.
/// Everything else goes through YARP's.</summary>
internal sealed class Http1Forwarder(IHttpForwarder yarp, ClusterStore store, UpstreamTargets targets, UpstreamPool offLoops, ForwardedRequests counts, TimeProvider time)
    : IHttpForwarder
{
    private readonly ConditionalWeakTable<DestinationModel, UpstreamTarget> _targets = [];

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer)
    {
        var feature = context.Features.Get<IReverseProxyFeature>();
        if (feature?.ProxiedDestination is { } destination && WhyNot(context, destinationPrefix) is null)
        {
            var plan = ForwardingPlan.Of(feature);
            if (plan.WhyNot is null && RequestHead.TargetOf(context) is { } path)
            {
                counts.CountPipeline();
                var target = TargetOf(feature, destination);
                var client = new PipelineClient();
                client.Begin(context, path, plan.KeepsHost, context.Features.Get<IHttpRequestTimeoutFeature>() is not null);
                var exchange = new Exchange();
                exchange.Begin(client, target, plan.ActivityTimeout, offLoops, time);
                return exchange.RunAsync();
            }
        }

        counts.CountYarp();
        return yarp.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer);
    }

    /// <summary>Why YARP's forwarder must take this request, apart from its route; null when it need not.</summary>
    private static string? WhyNot(HttpContext context, string destinationPrefix) =>
        !destinationPrefix.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? "tls"
        : Activity.Current is not null ? "trace"
        : HttpMethods.IsConnect(context.Request.Method) ? "connect"
        : context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } ? "upgrade"
        : context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true ? "grpc"
        : context.Features.Get<StatusRetry.Attempt>() is not null ? "status" // Which a transform looks at.
        : context.Response.HasStarted || context.Response.StatusCode != StatusCodes.Status200OK ? "started"
        : null;

    private UpstreamTarget TargetOf(IReverseProxyFeature feature, Yarp.ReverseProxy.Model.DestinationState destination)
    {
        var model = destination.Model;
        if (_targets.TryGetValue(model, out var target))
        {
            return target;
        }

        var clusterId = feature.Cluster.Config.ClusterId;
        var address = new Uri(model.Config.Address);
        target = store.Current.FindCluster(clusterId)?.Find(destination.DestinationId)?.State is { } state
            ? targets.Of(state, address, model.Config.Host)
            : new UpstreamTarget(address, model.Config.Host, null, time);
        _targets.AddOrUpdate(model, target);
        return target;
    }
}
