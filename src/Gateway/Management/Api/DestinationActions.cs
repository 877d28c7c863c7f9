using System.Globalization;
using Gateway.Clusters;
using Gateway.Management.Access;
using Gateway.Management.Changes;
using Gateway.Management.Views;

namespace Gateway.Management.Api;

/// <summary>A person's orders on destinations: weight, drain, maintenance, up, and taking one back.</summary>
internal sealed class DestinationActions(ClusterStore store, Inventory inventory, Undo undo, Audit audit, TimeProvider time)
{
    /// <summary>A weight, and for how long.</summary>
    /// <param name="Weight">0 to 65535; null brings the configured weight back.</param>
    /// <param name="For">After this time the configured weight comes back; null is never.</param>
    internal sealed record WeightOrder(int? Weight, TimeSpan? For = null);

    /// <summary>An order, why, and for how long.</summary>
    /// <param name="Why">In the person's own words.</param>
    /// <param name="For">After this time the order is taken back; null is never.</param>
    /// <param name="Until">The same as a moment.</param>
    /// <param name="StickyFor">drain: so long clients that are remembered may return; null is as long as they are remembered.
    /// </param>
    internal sealed record Order(string? Why = null, TimeSpan? For = null, DateTimeOffset? Until = null, TimeSpan? StickyFor = null);

    /// <summary>What an action did, or would do.</summary>
    /// <param name="DryRun">Whether nothing was done.</param>
    /// <param name="Effect">The effect in a sentence.</param>
    /// <param name="Shares">The predicted share of each destination of the cluster.</param>
    /// <param name="Before">The destination before.</param>
    /// <param name="After">The destination after.</param>
    /// <param name="Undo">POST here takes it back; null after a dry run.</param>
    internal sealed record ActionResult(
        bool DryRun, string Effect, IReadOnlyList<ShareView> Shares, DestinationView Before, DestinationView After, string? Undo);

    public static void Map(IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/clusters/{cluster}/destinations/{destination}");
        Describe(group.MapPost("/weight", (DestinationActions actions, HttpContext context, string cluster, string destination,
            JsonBody<WeightOrder> order, bool? dryRun) => actions.SetWeight(context, cluster, destination, order.Required, dryRun == true))
            .Accepts<WeightOrder>("application/json"), "Sets the weight at run time.");
        Describe(group.MapPost("/drain", (DestinationActions actions, HttpContext context, string cluster, string destination,
            JsonBody<Order> order, bool? dryRun) => actions.Give(context, cluster, destination, AdminOrder.Drain, order.Value, dryRun == true))
            .Accepts<Order>(isOptional: true, "application/json"), "No new clients; known ones may return, what is in progress goes on.");
        Describe(group.MapPost("/maintenance", (DestinationActions actions, HttpContext context, string cluster, string destination,
            JsonBody<Order> order, bool? dryRun) => actions.Give(context, cluster, destination, AdminOrder.Maintenance, order.Value, dryRun == true))
            .Accepts<Order>(isOptional: true, "application/json"), "No new flow from anybody; what is in progress goes on.");
        Describe(group.MapPost("/up", (DestinationActions actions, HttpContext context, string cluster, string destination,
            JsonBody<Order> order, bool? force, bool? dryRun) =>
                actions.Give(context, cluster, destination, force == true ? AdminOrder.Up : null, order.Value, dryRun == true))
            .Accepts<Order>(isOptional: true, "application/json"), "Takes a person's order back; with ?force=true in service whatever the machines say.");
        api.MapPost("/actions/{id:long}/undo", (DestinationActions actions, HttpContext context, long id) => actions.TakeBack(context, id))
            .Requires(Role.Operator).WithSummary("Takes an action back, while nobody has given another order since.")
            .Produces<ActionResult>().ProducesProblem(404).ProducesProblem(409);
    }

    private static void Describe(RouteHandlerBuilder endpoint, string summary) => endpoint.Requires(Role.Operator).WithSummary(summary)
        .WithDescription("With ?dryRun=true only the effect is told.")
        .Produces<ActionResult>().ProducesProblem(400).ProducesProblem(404);

    private IResult SetWeight(HttpContext context, string cluster, string destination, WeightOrder order, bool isDryRun)
    {
        if (order.Weight is < 0 or > DestinationOptions.MaxWeight)
        {
            return Problems.Bad("weight", order.Weight, $"is not a whole number from 0 to {DestinationOptions.MaxWeight}", "0 quiesces, null brings the configured weight back.");
        }

        if (IsWrong(order.For) is { } wrong)
        {
            return wrong;
        }

        var now = time.GetUtcNow();
        var word = order.Weight is { } weight
            ? new WeightWord(weight, Caller.Of(context)!.Name, now) { Until = now + order.For } : null;
        return Act(context, cluster, destination, isDryRun,
            order.Weight is null ? "brought the configured weight back" : "set the weight",
            standing => standing with { PersonsWeight = word },
            () => store.SetWeight(cluster, destination, word));
    }

    private IResult Give(
        HttpContext context, string cluster, string destination, AdminOrder? what, Order? order, bool isDryRun)
    {
        if ((IsWrong(order?.For) ?? (order?.StickyFor != TimeSpan.Zero ? IsWrong(order?.StickyFor, "stickyFor") : null)) is { } wrong)
        {
            return wrong;
        }

        if (order is { For: not null, Until: not null })
        {
            return Problems.Bad("until", $"{order.Until:u}", "is said together with for", "Leave one of the two out.");
        }

        var now = time.GetUtcNow();
        if (order?.Until <= now)
        {
            return Problems.Bad("until", $"{order?.Until:u}", "is in the past", "Name a moment to come, or use for.");
        }

        var word = what is not { } given ? null : new AdminWord(given, Caller.Of(context)!.Name, order?.Why ?? "", now)
        {
            Until = order?.Until ?? now + order?.For,
            StickyUntil = what == AdminOrder.Drain ? now + order?.StickyFor : null,
        };
        return Act(context, cluster, destination, isDryRun,
            word is null ? "took the order back" : word.Order.ToString().ToLowerInvariant(),
            standing => standing with { Admin = word },
            () => store.SetAdmin(cluster, destination, word));
    }

    private IResult TakeBack(HttpContext context, long id)
    {
        if (undo.Find(id) is not { } step)
        {
            return Problems.NotFound($"There is no action {id} that can be taken back.", "The latest hundred can, until a restart.");
        }

        if (store.Current.FindCluster(step.Cluster)?.Find(step.Destination) is not { } member
            || (member.Standing.Admin, member.Standing.PersonsWeight) != (step.After.Admin, step.After.PersonsWeight))
        {
            return Problems.Of(StatusCodes.Status409Conflict, $"{step.Destination} has another order by now.",
                "Look at it, and give the order you want.");
        }

        undo.Forget(id);
        return Act(context, step.Cluster, step.Destination, false, "took an action back",
            standing => standing with { Admin = step.Before.Admin, PersonsWeight = step.Before.PersonsWeight },
            () => store.SetAdmin(step.Cluster, step.Destination, step.Before.Admin)
                && store.SetWeight(step.Cluster, step.Destination, step.Before.PersonsWeight));
    }

    public static IResult? IsWrong(TimeSpan? length, string name = "for") => length is { } given && (given <= TimeSpan.Zero || given > TimeSpan.FromDays(3650))
        ? Problems.Bad(name, given, "is not a time above 0 and up to 3650 days", "Write one such as 02:00:00 for two hours.") : null;

    private IResult Act(
        HttpContext context, string cluster, string destination, bool isDryRun, string what,
        Func<Standing, Standing> change, Func<bool> act)
    {
        if (store.Current.FindCluster(cluster) is not { } found)
        {
            return Problems.NoCluster(cluster);
        }

        if (found.Find(destination) is not { } member)
        {
            return Problems.NoDestination(cluster, destination);
        }

        var next = PredictedShares.With(member, change(member.Standing), time.GetUtcNow());
        var shares = Shares(found, member, next);
        var before = inventory.Of(member);
        if (isDryRun)
        {
            return TypedResults.Ok(new ActionResult(true, Effect(member, next, shares), shares, before, inventory.Of(next), null));
        }

        if (!act())
        {
            return Problems.NoDestination(cluster, destination);
        }

        var now = store.Current.FindCluster(cluster)?.Find(destination) ?? next;
        var done = audit.Changed(context, $"{what} of {member.ClusterId}/{member.Id}", Text(member), Text(now), found.Id, member.Id);
        undo.Add(new Undo.Step(done.Id, found.Id, member.Id, member.Standing, now.Standing));
        return TypedResults.Ok(new ActionResult(
            false, Effect(member, now, shares), shares, before, inventory.Of(now), $"/api/v1/actions/{done.Id}/undo"));
    }

    private static ShareView[] Shares(Cluster cluster, Destination member, Destination next)
    {
        var before = PredictedShares.Of(cluster.Options, cluster.Destinations);
        var after = PredictedShares.Of(cluster.Options, cluster.Destinations.Select(d => ReferenceEquals(d, member) ? next : d));
        return [.. cluster.Destinations.Select(d => new ShareView(
            cluster.Id, d.Id, Math.Round(before[d.Id], 3), Math.Round(after[d.Id], 3)))];
    }

    private static string Effect(Destination member, Destination next, IReadOnlyList<ShareView> shares)
    {
        var share = shares.First(s => s.Destination == member.Id);
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{member.Id} gets {share.After:0%} of new flows instead of {share.Before:0%}");
        if (shares.All(s => s.After == 0))
        {
            text += "; nobody is left to take new flows";
        }

        return next.Judgement.Availability != Availability.InService && member.State.Load.Total > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{text}; {member.State.Load.Total} in progress go on") : text;
    }

    private static string Text(Destination destination) => string.Create(CultureInfo.InvariantCulture,
        $"{Inventory.StateOf(destination)}, weight {destination.Judgement.Weight:0.##}")
        + (destination.Judgement.Reason.Length > 0 ? $" ({destination.Judgement.Reason})" : "");
}
