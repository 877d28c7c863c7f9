using Gateway.Clusters;
using Gateway.Draining;
using Gateway.Management.Access;
using Gateway.Management.Events;

namespace Gateway.Management.Api;

/// <summary>Drains that are followed until nothing is in progress, or until a deadline cuts off what is left.</summary>
internal sealed class DrainsResource(DrainService drains, ClusterStore store, Audit audit, TimeProvider time)
{
    /// <summary>What is to be drained, and until when.</summary>
    /// <param name="Cluster">The cluster; null is the whole node.</param>
    /// <param name="Destination">The destination; null is all of the cluster.</param>
    /// <param name="Why">In the person's own words.</param>
    /// <param name="StickyFor">So long known clients may return; null is until the deadline.</param>
    /// <param name="Deadline">After this time what is left is cut off; null is never.</param>
    internal sealed record DrainOrder(
        string? Cluster = null, string? Destination = null, string? Why = null, TimeSpan? StickyFor = null, TimeSpan? Deadline = null);

    /// <summary>A drain and what it still waits for. <c>inEffect</c> is whether it keeps new clients away, which lasts until it is
    /// taken back; <c>destinations</c> is from how many, none when it is the node's. The id is empty after a dry run.</summary>
    internal sealed record DrainView(
        string Id, string? Cluster, string? Destination, string Who, string Why, DrainStatus Status, bool InEffect,
        DateTimeOffset Started, DateTimeOffset? StickyUntil, DateTimeOffset? Deadline, DateTimeOffset? Ended, int CutOff,
        int Destinations, int Left, IReadOnlyDictionary<string, int> Flows)
    {
        public static DrainView Of(DrainProgress progress)
        {
            var job = progress.Job;
            return new(job.Id, job.ClusterId, job.DestinationId, job.Who, job.Why, job.Status, progress.IsInEffect,
                job.Started, job.StickyUntil, job.Deadline, job.Ended, job.CutOff, progress.Destinations, progress.Total,
                progress.Flows.ToDictionary(pair => pair.Key.ToString().ToLowerInvariant(), pair => pair.Value));
        }
    }

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/drains", (DrainsResource resource) => TypedResults.Ok(resource.All())).Requires(Role.Viewer)
            .WithSummary("Drains that run, and those that ended last.");
        api.MapGet("/drains/{id}", (DrainsResource resource, string id) => resource.Get(id)).Requires(Role.Viewer)
            .WithSummary("One drain with what it still waits for.").Produces<DrainView>().ProducesProblem(404);
        api.MapPost("/drains", (DrainsResource resource, HttpContext context, JsonBody<DrainOrder> order, bool? dryRun) =>
                resource.Start(context, order.Required, dryRun == true))
            .Accepts<DrainOrder>("application/json")
            .Requires(Role.Operator).WithSummary("Drains a destination, a cluster, or the node, and follows it to the end.")
            .WithDescription("With ?dryRun=true it is only told what would have to end.")
            .Produces<DrainView>().ProducesProblem(400).ProducesProblem(404);
        api.MapDelete("/drains/{id}", (DrainsResource resource, HttpContext context, string id) => resource.Cancel(context, id))
            .Requires(Role.Operator).WithSummary("Takes a drain back: new clients come again.").Produces<DrainView>().ProducesProblem(404);
    }

    /// <summary>Writes the ends of drains into the history.</summary>
    public static void Follow(DrainService drains, EventLog events) => drains.Changed += job =>
        events.Add("action", $"drain {job.Id} of {job}: {job.Status.ToString().ToLowerInvariant()}"
            + (job.CutOff > 0 ? $", {job.CutOff} cut off" : ""), job.ClusterId, job.DestinationId, job.Who);

    /// <summary>Drains that keep new clients away, with what they still wait for.</summary>
    public IEnumerable<DrainView> InEffect() =>
        Views(drains.Jobs.Where(job => job.Status != DrainStatus.Cancelled)).Where(drain => drain.InEffect);

    private DrainView[] All() => [.. Views(drains.Jobs)];

    private IEnumerable<DrainView> Views(IEnumerable<DrainJob> jobs) =>
        jobs.Select(job => drains.Progress(job.Id)).OfType<DrainProgress>().Select(DrainView.Of);

    private IResult Get(string id) =>
        drains.Progress(id) is { } progress ? TypedResults.Ok(DrainView.Of(progress)) : NoDrain(id);

    private IResult Start(HttpContext context, DrainOrder order, bool isDryRun)
    {
        if (order.Destination is not null && order.Cluster is null)
        {
            return Problems.Bad("destination", order.Destination, "needs its cluster", "Name cluster, too.");
        }

        if (order.Deadline <= TimeSpan.Zero || order.StickyFor < TimeSpan.Zero || order.StickyFor > order.Deadline)
        {
            return order.StickyFor < TimeSpan.Zero || order.StickyFor > order.Deadline
                ? Problems.Bad("stickyFor", order.StickyFor, "is not a time from 0 to the deadline", "Known clients may return no longer than that.")
                : Problems.Bad("deadline", order.Deadline, "is not a time above 0", "Write one such as 00:30:00; it counts from now on.");
        }

        if (((order.StickyFor != TimeSpan.Zero ? DestinationActions.IsWrong(order.StickyFor, "stickyFor") : null)
            ?? DestinationActions.IsWrong(order.Deadline, "deadline")) is { } wrong)
        {
            return wrong;
        }

        var now = time.GetUtcNow();
        var wanted = new DrainJob("", order.Cluster, order.Destination, Caller.Of(context)!.Name, order.Why ?? "", now)
        {
            StickyUntil = now + order.StickyFor,
            Deadline = now + order.Deadline,
        };
        if (isDryRun)
        {
            return drains.Preview(wanted) is { } preview ? TypedResults.Ok(DrainView.Of(preview)) : NothingToDrain(order);
        }

        if (drains.Start(wanted) is not { } started)
        {
            return NothingToDrain(order);
        }

        audit.Changed(context, $"began drain {started.Id} of {started}", "", "", order.Cluster, order.Destination);
        return TypedResults.Ok(DrainView.Of(drains.Progress(started.Id)!));
    }

    private IResult Cancel(HttpContext context, string id)
    {
        if (!drains.Cancel(id))
        {
            return NoDrain(id);
        }

        var job = drains.Progress(id)!.Job;
        audit.Changed(context, $"took drain {id} of {job} back", "", "", job.ClusterId, job.DestinationId);
        return Get(id);
    }

    private IResult NothingToDrain(DrainOrder order) => order.Destination is null || store.Current.FindCluster(order.Cluster!) is null
        ? Problems.NoCluster(order.Cluster!) : Problems.NoDestination(order.Cluster!, order.Destination);

    private static IResult NoDrain(string id) => Problems.NotFound($"There is no drain '{id}', or it was taken back.", "GET /api/v1/drains lists them.");
}
