using Gateway.Http.Forwarding;
using Gateway.Scheduling;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Http.Plain;

/// <summary>
/// Serves plain requests of plain routes on the connection itself, before Kestrel has read a byte. The first request that
/// is not plain goes to Kestrel with all its bytes, and with it all that come after it on the same connection.
/// </summary>
internal sealed class PlainLane(RouteTable routes, ClusterSchedulers schedulers, LaneBalancer balancer, TimeProvider time)
{
    /// <summary>Bytes of a head that may be plain; browsers send less than two thousand.</summary>
    private const int MostHead = 8192;

    /// <summary>Whether plain requests are served here; off while something wants to see every request.</summary>
    public bool IsOn { get; set; }

    public LaneBalancer Balancer => balancer;

    /// <summary>The Date of answers without one.</summary>
    public DateLine Date { get; } = new(time);

    /// <summary>The plain route of a plain request that is all there; null for Kestrel.</summary>
    public LaneRoute? Find(LaneRequest request, KestrelServerLimits limits)
    {
        var head = request.Head;
        var bytes = request.Unused.Span;
        var most = Math.Min(MostHead, Math.Min(limits.MaxRequestHeadersTotalSize, limits.MaxRequestLineSize));
        return IsOn
            && head.TryRead(bytes, limits.MaxRequestHeaderCount, most)
            && (limits.MaxRequestBodySize is not { } largest || head.ContentLength <= largest)
            && Math.Max(head.ContentLength, 0) <= bytes.Length - head.Length
            && routes.Plain.Find(head.HostName, head.Path) is { } plan
            && schedulers.Find(plan.ClusterId) is { } scheduler
            && IsPlain(scheduler)
                ? new LaneRoute(plan, scheduler)
                : null;
    }

    private static bool IsPlain(ClusterScheduler scheduler) =>
        scheduler is { KeySource: null or "client", PersistenceKeySource: null }
        && scheduler.Cluster.Options is { Queue: null, Retry.OnStatus.Count: 0 };
}

/// <summary>Where a request of the plain lane goes.</summary>
/// <param name="Plan">What its route asks for.</param>
/// <param name="Scheduler">The scheduler of the route's cluster.</param>
internal readonly record struct LaneRoute(ForwardingPlan Plan, ClusterScheduler Scheduler);
