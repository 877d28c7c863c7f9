using System.Collections.Frozen;
using Gateway.Management.Access;
using Gateway.Management.Api;
using Gateway.Management.Views;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Gateway.Management.Pages;

/// <summary>The web pages: Razor components rendered on the server, and the few scripts that keep them up to date.</summary>
/// <remarks>No page is kept on the server while it is open, but for one event stream. Scripts and styles are in the program, so
/// that nothing has to lie beside it.</remarks>
internal static class PageEndpoints
{
    private static readonly FrozenDictionary<string, string> _types = new Dictionary<string, string>
    {
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary();

    public static void Map(IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("").ExcludeFromDescription();
        pages.MapGet("/login", () => Page<LoginPage>()).Requires(Role.None);
        pages.MapGet("/", () => Page<OverviewPage>()).Requires(Role.Viewer);
        pages.MapGet("/clusters/{cluster}", GetCluster).Requires(Role.Viewer);
        pages.MapGet("/configuration", () => Page<ConfigurationPage>()).Requires(Role.Viewer);
        pages.MapGet("/events", () => Page<EventsPage>()).Requires(Role.Viewer);
        pages.MapGet("/explain", (string? cluster) => Page<ExplainPage>((nameof(ExplainPage.Cluster), cluster))).Requires(Role.Viewer);
        pages.MapGet("/assets/{name}", GetAsset).Requires(Role.None);
    }

    private static RazorComponentResult<TPage> Page<TPage>(params (string Name, object? Value)[] parameters)
        where TPage : IComponent =>
        new(parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value)) { PreventStreamingRendering = true };

    private static IResult GetCluster(Inventory inventory, string cluster) =>
        inventory.Snapshot.FindCluster(cluster) is { } found
            ? Page<ClusterPage>((nameof(ClusterPage.Cluster), found.Id)) : Problems.NoCluster(cluster);

    // The name is one of the resources' own, never a path.
    private static IResult GetAsset(HttpContext context, string name)
    {
        var stream = _types.TryGetValue(Path.GetExtension(name), out var type)
            ? typeof(PageEndpoints).Assembly.GetManifestResourceStream($"Gateway.Management.Pages.assets.{name}") : null;
        if (stream is null)
        {
            return Problems.NotFound("There is nothing at this path.");
        }

        context.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Stream(stream, type);
    }
}
