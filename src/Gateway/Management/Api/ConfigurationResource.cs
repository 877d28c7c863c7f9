using System.Text.Json.Nodes;
using Gateway.Configuration;
using Gateway.Management.Access;
using Gateway.Management.Changes;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Management.Api;

/// <summary>The configuration in force: reading it, changing it, and the versions it had.</summary>
internal static class ConfigurationResource
{
    /// <summary>Where one value is written.</summary>
    internal sealed record OriginView(string Key, string? Value, string Origin);

    /// <summary>The configuration in force.</summary>
    /// <param name="Revision">For If-Match.</param>
    /// <param name="File">The configuration file; null when there is none.</param>
    /// <param name="Overlay">The file of changes made by the API.</param>
    /// <param name="Configuration">All values as JSON in the form of the file; secrets only for an admin who asks.</param>
    /// <param name="Origins">Where each value is written; null unless asked for.</param>
    internal sealed record ConfigurationView(
        string Revision, string? File, string? Overlay, JsonObject Configuration, IReadOnlyList<OriginView>? Origins);

    /// <summary>How a change is to be made; all in the query.</summary>
    internal sealed record Options
    {
        [FromQuery(Name = "dryRun")]
        public bool? DryRun { get; init; }

        [FromQuery(Name = "confirm")]
        public WrittenTime? Confirm { get; init; }

        [FromQuery(Name = "minReady")]
        public int? MinReady { get; init; }

        [FromQuery(Name = "maxErrorRate")]
        public double? MaxErrorRate { get; init; }

        [FromQuery(Name = "removeLogins")]
        public bool? RemoveLogins { get; init; }

        [FromQuery(Name = "comment")]
        public string? Comment { get; init; }

        [FromHeader(Name = "If-Match")]
        public string? IfMatch { get; init; }
    }

    private static readonly string[] _routes = ["ReverseProxy", "Routes"];
    private static readonly string[] _clusters = ["ReverseProxy", "Clusters"];
    private static readonly string[] _virtualServers = ["VirtualServers"];

    public static void Map(IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/configuration");
        group.MapGet("", Get).Requires(Role.Viewer).WithSummary("The configuration in force; ?origins=true tells where each value is written.")
            .Produces<ConfigurationView>();
        group.MapGet("/schema", () => TypedResults.Stream(OpenSchema(), "application/schema+json")).Requires(Role.Viewer)
            .WithSummary("The JSON schema of the configuration.");
        Describe(group.MapPatch("", (HttpContext context, ConfigurationChanges changes, Audit audit, [AsParameters] Options options,
                ConfigurationBody patch) => ChangeAsync(context, changes, audit, options, "patched the configuration",
                    json =>
                    {
                        MergePatch.Apply(json, patch.Json!);
                        return null;
                    }, patch)).Accepts<JsonObject>("application/json"), "Changes any values by a merge patch (RFC 7396).");
        Item(group, "/routes/{id}", "a route", values => [.. _routes, values("id")]);
        Item(group, "/clusters/{id}", "a cluster", values => [.. _clusters, values("id")]);
        Item(group, "/clusters/{id}/destinations/{destination}", "a destination",
            values => [.. _clusters, values("id"), "Destinations", values("destination")]);
        Item(group, "/virtual-servers/{id}", "a virtual server", values => [.. _virtualServers, values("id")]);
        Describe(group.MapPost("/confirm", async (HttpContext context, ConfigurationChanges changes, Audit audit) =>
            Answer(context, audit, "confirmed the change", await changes.ConfirmAsync(Caller.Of(context)!.Name, context.RequestAborted))),
            "Keeps the change that waits.");
        Describe(group.MapPost("/rollback", async (HttpContext context, ConfigurationChanges changes, Audit audit) =>
            Answer(context, audit, "rolled the change back", await changes.RollbackAsync(Caller.Of(context)!.Name, context.RequestAborted))),
            "Takes the change that waits back.");
        group.MapGet("/versions", (ConfigurationChanges changes) => TypedResults.Ok(changes.AllVersions())).Requires(Role.Viewer)
            .WithSummary("The versions, the latest first; the latest hundred are kept.");
        Describe(group.MapPost("/versions/{number:int}/restore", async (HttpContext context, ConfigurationChanges changes, Audit audit,
                int number, [AsParameters] Options options) => IsWrong(options) ?? Answer(context, audit, $"restored version {number}",
                    await changes.RestoreAsync(number, RequestOf(context, options), context.RequestAborted))),
            "Brings a version back; 0 is the file without any change.");
    }

    private static void Item(RouteGroupBuilder group, string pattern, string what, Func<Func<string, string>, string[]> pathOf)
    {
        string[] Path(HttpContext context) => pathOf(name => (string)context.GetRouteValue(name)!);
        group.MapGet(pattern, (HttpContext context, ConfigurationInForce configuration) =>
                configuration.Current.Tree.At(string.Join(':', Path(context))) is { Kind: NodeKind.Object } node
                    ? TypedResults.Ok(WithoutSecrets(context, node, string.Join(':', Path(context)))) : Problems.NotFound($"There is no {string.Join(':', Path(context))}."))
            .Requires(Role.Viewer).WithSummary($"What the configuration says of {what}.").Produces<JsonObject>().ProducesProblem(404);
        Describe(group.MapPut(pattern, (HttpContext context, ConfigurationChanges changes, Audit audit, [AsParameters] Options options,
                ConfigurationBody value) => ChangeAsync(context, changes, audit, options, $"set {string.Join(':', Path(context))}",
                    json =>
                    {
                        MergePatch.Set(json, Path(context), value.Json!);
                        return null;
                    }, value)).Accepts<JsonObject>("application/json"), $"Adds {what}, or puts another in its place.");
        Describe(group.MapDelete(pattern, (HttpContext context, ConfigurationChanges changes, Audit audit, [AsParameters] Options options) =>
            ChangeAsync(context, changes, audit, options, $"removed {string.Join(':', Path(context))}",
                json => MergePatch.Set(json, Path(context), null) ? null : $"There is no {string.Join(':', Path(context))}.")),
            $"Removes {what}.");
    }

    private static void Describe(RouteHandlerBuilder endpoint, string summary) => endpoint.Requires(Role.Admin).WithSummary(summary)
        .Produces<ChangeView>().ProducesProblem(404).ProducesProblem(409).ProducesProblem(412).ProducesProblem(422);

    private static Ok<ConfigurationView> Get(HttpContext context, ConfigurationInForce configuration, bool? origins, bool? secrets)
    {
        var current = configuration.Current;
        var isAdmin = IsAdmin(context);
        var isOpen = secrets == true && isAdmin;
        var json = MergePatch.ToJson(current.Tree);
        if (!isOpen)
        {
            Secrets.Hide(json, "", isAdmin);
        }

        context.Response.Headers.ETag = $"\"{current.Revision}\"";
        return TypedResults.Ok(new ConfigurationView(
            current.Revision, current.SourceFile, current.Layers.Overlay.File, json,
            origins == true ? [.. Origins(current.Tree, "", path => !isOpen && Secrets.IsAt(path, isAdmin))] : null));
    }

    private static bool IsAdmin(HttpContext context) => Caller.Of(context)!.Role == Role.Admin;

    private static JsonObject WithoutSecrets(HttpContext context, ConfigurationNode node, string path)
    {
        var json = MergePatch.ToJson(node);
        Secrets.Hide(json, path, IsAdmin(context));
        return json;
    }

    private static IEnumerable<OriginView> Origins(ConfigurationNode node, string path, Func<string, bool> isHidden) => node.Children.Count > 0
        ? node.Children.SelectMany(child => Origins(child.Value, path.Length == 0 ? child.Key : $"{path}:{child.Key}", isHidden))
        : [new OriginView(path, node.Text is null || !isHidden(path) ? node.Text : Secrets.Hidden, $"{node.Origin}")];

    private static async Task<IResult> ChangeAsync(
        HttpContext context, ConfigurationChanges changes, Audit audit, Options options, string what, Func<JsonObject, string?> edit,
        ConfigurationBody? body = null) =>
        IsWrong(options)
        ?? (body?.Errors is { Count: > 0 } errors ? Problems.Configuration(StatusCodes.Status400BadRequest, "The body is wrong.", errors) : null)
        ?? Answer(context, audit, what, await changes.ChangeAsync(
            json =>
            {
                var before = json.DeepClone();
                var impossible = edit(json);
                Secrets.Restore(json, before);
                return impossible;
            },
            RequestOf(context, options), context.RequestAborted));

    private static ChangeRequest RequestOf(HttpContext context, Options options) =>
        new(Caller.Of(context)!.Name, options.Comment ?? "")
        {
            HasLogin = Caller.Of(context)!.HasLogin,
            DryRun = options.DryRun == true,
            Confirm = options.Confirm?.Value,
            Guard = new Guard(options.MinReady ?? 0, options.MaxErrorRate),
            IfRevision = options.IfMatch?.Trim('"'),
            MayRemoveLogins = options.RemoveLogins == true,
        };

    private static IResult? IsWrong(Options options) =>
        options.Confirm is { Value: var confirm } && (confirm < TimeSpan.FromSeconds(1) || confirm > TimeSpan.FromDays(1))
            ? Problems.Bad("confirm", confirm, "is not a time from 00:00:01 to a day", "Write one such as 00:01:00.")
        : options.MaxErrorRate is { } rate && rate is not (>= 0 and <= 1) ? Problems.Bad("maxErrorRate", rate, "is not from 0 to 1", "Write 0.05 for five percent.")
        : options.MinReady < 0 ? Problems.Bad("minReady", options.MinReady, "is negative", "Write how many destinations must stay ready.")
        : options.Comment?.Length > 500 ? Problems.Bad("comment", null, "is too long", "Use at most 500 characters.")
        : options.Confirm is null && options.DryRun != true && (options.MinReady > 0 || options.MaxErrorRate is not null)
            ? Problems.Bad(options.MinReady > 0 ? "minReady" : "maxErrorRate", options.MinReady > 0 ? options.MinReady : options.MaxErrorRate, "needs a time to watch", "Add confirm, such as confirm=00:01:00.")
        : null;

    private static IResult Answer(HttpContext context, Audit audit, string what, ChangeOutcome outcome)
    {
        if (outcome.View is { } view)
        {
            if (!view.DryRun)
            {
                var changed = string.Join(", ", view.Differences.Take(20).Select(d => $"{d.Key}: {d.Before ?? "nothing"} → {d.After ?? "nothing"}"));
                audit.Changed(context, $"{what} ({changed})", "", "", kind: "configuration");
            }

            return TypedResults.Ok(view);
        }

        audit.Refused(context, outcome.Status, outcome.Title);
        return outcome.Errors is { } errors
            ? Problems.Configuration(outcome.Status, outcome.Title, errors)
            : Problems.Of(outcome.Status, outcome.Title, "Nothing has changed.");
    }

    private static Stream OpenSchema() =>
        typeof(ConfigurationResource).Assembly.GetManifestResourceStream("Gateway.appsettings.schema.json")!;
}
