using System.Net;
using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Gateway.Http.Forwarding;

/// <summary>What a route and its cluster ask of forwarding, worked out once: whether it is plain enough for Gateway's own
/// forwarder, and if so, how.</summary>
internal sealed class ForwardingPlan
{
    private static readonly TimeSpan _defaultActivityTimeout = TimeSpan.FromSeconds(100);

    private static readonly ConditionalWeakTable<RouteModel, ForwardingPlan> _plans = [];

    private readonly ClusterConfig _cluster;

    private ForwardingPlan(RouteConfig route, ClusterConfig cluster)
    {
        _cluster = cluster;
        RouteId = route.RouteId;
        ClusterId = cluster.ClusterId;
        WhyNot = WhyNotTransforms(route) ?? WhyNotCluster(cluster);
        KeepsHost = route.Transforms?.Any(transform =>
            transform.TryGetValue("RequestHeaderOriginalHost", out var value) && IsTrue(value)) == true;
        ActivityTimeout = cluster.HttpRequest?.ActivityTimeout ?? _defaultActivityTimeout;
    }

    public string RouteId { get; }

    public string ClusterId { get; }

    /// <summary>Why YARP's forwarder must take these requests; null when it need not.</summary>
    public string? WhyNot { get; }

    /// <summary>Whether the destination is sent the client's Host.</summary>
    public bool KeepsHost { get; }

    /// <summary>Time without a byte in either direction after which a request is ended.</summary>
    public TimeSpan ActivityTimeout { get; }

    /// <summary>The plan of a route of the configuration.</summary>
    public static ForwardingPlan Of(RouteConfig route, ClusterConfig cluster) => new(route, cluster);

    /// <summary>The plan of a request's route.</summary>
    public static ForwardingPlan Of(IReverseProxyFeature feature)
    {
        if (_plans.TryGetValue(feature.Route, out var plan) && ReferenceEquals(plan._cluster, feature.Cluster.Config))
        {
            return plan;
        }

        plan = new ForwardingPlan(feature.Route.Config, feature.Cluster.Config);
        _plans.AddOrUpdate(feature.Route, plan);
        return plan;
    }

    /// <summary>Transforms are YARP's, but for the one that most routes have.</summary>
    private static string? WhyNotTransforms(RouteConfig route)
    {
        foreach (var transform in route.Transforms ?? [])
        {
            if (transform.Count != 1 || !transform.ContainsKey("RequestHeaderOriginalHost"))
            {
                return "transforms";
            }
        }

        return null;
    }

    private static string? WhyNotCluster(ClusterConfig cluster)
    {
        var request = cluster.HttpRequest;
        if (cluster.SessionAffinity?.Enabled == true)
        {
            // Its cookie is set by a transform.
            return "affinity";
        }

        if (request?.Version is { } version
            && version >= HttpVersion.Version20
            && (request.VersionPolicy ?? HttpVersionPolicy.RequestVersionOrLower) != HttpVersionPolicy.RequestVersionOrLower)
        {
            return "version";
        }

        // Limits and encodings of YARP's client; TLS settings do not matter to http:// addresses.
        return cluster.HttpClient is { } client
            && (client.MaxConnectionsPerServer is not null || client.WebProxy is not null
                || client.RequestHeaderEncoding is not null || client.ResponseHeaderEncoding is not null)
            ? "client"
            : null;
    }

    private static bool IsTrue(string value) => bool.TryParse(value, out var result) && result;
}
