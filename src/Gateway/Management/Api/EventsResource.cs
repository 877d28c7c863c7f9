using Gateway.Management.Access;
using Gateway.Management.Events;

namespace Gateway.Management.Api;

/// <summary>The history of events.</summary>
internal static class EventsResource
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/events", (EventLog events, long? after, int? limit, string? kind, string? cluster, string? destination) =>
                Problems.WrongLimit(limit, EventLog.Capacity) ?? TypedResults.Ok(events.After(after ?? 0)
                    .Where(e => kind is null || e.Kind.Equals(kind, StringComparison.OrdinalIgnoreCase))
                    .Where(e => cluster is null || cluster.Equals(e.Cluster, StringComparison.OrdinalIgnoreCase))
                    .Where(e => destination is null || destination.Equals(e.Destination, StringComparison.OrdinalIgnoreCase))
                    .Reverse().Take(limit ?? 200).ToArray()))
            .Requires(Role.Viewer)
            .WithSummary("The latest events first, by after (a number), kind, cluster and destination; the latest two thousand are kept.")
            .Produces<GatewayEvent[]>().ProducesProblem(400);
}
