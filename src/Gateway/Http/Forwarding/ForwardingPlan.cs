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

    private readonly ClusterModel _cluster;

    private ForwardingPlan(RouteModel route, ClusterModel cluster)
    {
        _cluster = cluster;
        WhyNot = WhyNotTransforms(route.Config) ?? WhyNotCluster(cluster.Config);
        KeepsHost = route.Config.Transforms?.Any(transform =>
            transform.TryGetValue("RequestHeaderOriginalHost", out var value) && IsTrue(value)) == true;
        ActivityTimeout = cluster.Config.HttpRequest?.ActivityTimeout ?? _defaultActivityTimeout;
    }

    /// <summary>Why YARP's forwarder must take these requests; null when it need not.</summary>
    public string? WhyNot { get; }

    /// <summary>Whether the destination is sent the client's Host.</summary>
    public bool KeepsHost { get; }

    /// <summary>Time without a byte in either direction after which a request is ended.</summary>
    public TimeSpan ActivityTimeout { get; }

    /// <summary>The plan of a request's route.</summary>
    public static ForwardingPlan Of(IReverseProxyFeature feature)
    {
        if (_plans.TryGetValue(feature.Route, out var plan) && ReferenceEquals(plan._cluster, feature.Cluster))
        {
            return plan;
        }

        plan = new ForwardingPlan(feature.Route, feature.Cluster);
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
