using Gateway.Management.Access;
using Gateway.Management.History;
using Gateway.Management.Views;

namespace Gateway.Management.Api;

/// <summary>Clusters, destinations, what they remember and what they did.</summary>
internal static class ClustersResource
{
    /// <summary>The last hour of one destination.</summary>
    internal sealed record DestinationHistoryView(string Destination, IReadOnlyList<HistoryPoint> Points);

    /// <summary>The last hour of a cluster.</summary>
    internal sealed record HistoryView(double IntervalSeconds, IReadOnlyList<DestinationHistoryView> Destinations);

    /// <summary>A client a cluster remembers.</summary>
    internal sealed record RememberedClient(string Client, string Destination, double SecondsLeft);

    /// <summary>The clients a cluster remembers, the latest first; no more than were asked for.</summary>
    internal sealed record PersistenceView(string Key, TimeSpan Timeout, int Count, IReadOnlyList<RememberedClient> Clients);

    private const int MostRemembered = 100_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/clusters", (Inventory inventory, bool? destinations) => TypedResults.Ok(
                inventory.Snapshot.Clusters.Select(cluster => inventory.Of(cluster, destinations == true)).ToArray()))
            .Requires(Role.Viewer).WithSummary("All clusters; with ?destinations=true their destinations too.");
        api.MapGet("/clusters/{cluster}", (Inventory inventory, string cluster) =>
                inventory.Snapshot.FindCluster(cluster) is { } found
                    ? TypedResults.Ok(inventory.Of(found, withDestinations: true)) : Problems.NoCluster(cluster))
            .Requires(Role.Viewer).WithSummary("One cluster with its destinations.").Produces<ClusterView>().ProducesProblem(404);
        api.MapGet("/clusters/{cluster}/destinations/{destination}", GetDestination)
            .Requires(Role.Viewer).WithSummary("One destination.").Produces<DestinationView>().ProducesProblem(404);
        api.MapGet("/clusters/{cluster}/history", GetHistory)
            .Requires(Role.Viewer).WithSummary("The last hour of its destinations.").Produces<HistoryView>().ProducesProblem(404);
        api.MapGet("/clusters/{cluster}/persistence", GetPersistence)
            .Requires(Role.Viewer).WithSummary("The clients it remembers.").Produces<PersistenceView>().ProducesProblem(400).ProducesProblem(404);
        api.MapDelete("/clusters/{cluster}/persistence", ClearPersistence)
            .Requires(Role.Operator).WithSummary("Forgets the clients it remembers, or one of them: ?client=10.0.0.1.")
            .Produces<int>().ProducesProblem(404);
        api.MapPost("/clusters/{cluster}/reset-counters", ResetCounters)
            .Requires(Role.Operator).WithSummary("Counts its destinations anew in the API and the pages; metrics go on.")
            .Produces<ClusterView>().ProducesProblem(404);
    }

    private static IResult GetDestination(Inventory inventory, string cluster, string destination) =>
        inventory.Snapshot.FindCluster(cluster) is not { } found ? Problems.NoCluster(cluster)
        : found.Find(destination) is not { } member ? Problems.NoDestination(cluster, destination)
        : TypedResults.Ok(inventory.Of(member));

    private static IResult GetHistory(Inventory inventory, TrafficHistory history, string cluster) =>
        inventory.Snapshot.FindCluster(cluster) is not { } found ? Problems.NoCluster(cluster)
        : TypedResults.Ok(new HistoryView(
            history.Interval.TotalSeconds,
            [.. found.Destinations.Select(d => new DestinationHistoryView(d.Id, history.Of(d.State)))]));

    private static IResult GetPersistence(Inventory inventory, string cluster, int? limit)
    {
        if (inventory.Snapshot.FindCluster(cluster) is null)
        {
            return Problems.NoCluster(cluster);
        }

        if (Problems.WrongLimit(limit, MostRemembered) is { } wrong)
        {
            return wrong;
        }

        if (inventory.Persistence(cluster) is not { } table)
        {
            return Problems.NotFound($"Cluster '{cluster}' remembers no clients.", "Give it a Persistence section.");
        }

        var entries = table.Entries();
        return TypedResults.Ok(new PersistenceView(
            table.Options.Key, table.Options.Timeout, entries.Count,
            [.. entries.Take(limit ?? 1000).Select(entry => new RememberedClient(
                entry.Key.ToString(), entry.Destination.DestinationId, Math.Round(entry.Left.TotalSeconds, 1)))]));
    }

    private static IResult ClearPersistence(
        HttpContext context, Inventory inventory, Audit audit, string cluster, string? client)
    {
        if (inventory.Snapshot.FindCluster(cluster) is null)
        {
            return Problems.NoCluster(cluster);
        }

        var forgotten = 0;
        if (inventory.Persistence(cluster) is { } table)
        {
            foreach (var entry in table.Entries().Where(entry => client is null || entry.Key.ToString() == client))
            {
                table.Forget(entry.Key);
                forgotten++;
            }
        }

        audit.Changed(context, $"forgot {forgotten} remembered clients{(client is null ? "" : " of " + client)}", "", "", cluster);
        return TypedResults.Ok(forgotten);
    }

    private static IResult ResetCounters(
        HttpContext context, Inventory inventory, Baselines baselines, Audit audit, string cluster)
    {
        if (inventory.Snapshot.FindCluster(cluster) is not { } found)
        {
            return Problems.NoCluster(cluster);
        }

        foreach (var destination in found.Destinations)
        {
            baselines.Reset(destination.State);
        }

        audit.Changed(context, "reset the counters", "", "", cluster);
        return TypedResults.Ok(inventory.Of(found, withDestinations: true));
    }
}
