using System.Text.Json;
using Gateway.Management.Access;
using Gateway.Management.Events;
using Gateway.Management.Listening;
using Gateway.Management.Views;

namespace Gateway.Management.Api;

/// <summary>Changes as they happen, as server-sent events: once a second what differs from what was told before.</summary>
/// <remarks>
/// WHATWG HTML, "Server-sent events". Events: <c>clusters</c>, a list of those that changed; <c>destinations</c>, the same of
/// the clusters that were asked for by <c>?cluster=</c>; <c>event</c>, one of the history; <c>revision</c>, whenever clusters,
/// destinations or virtual servers came or went. The views are those of the other resources.
/// </remarks>
internal sealed class StreamResource(
    Inventory inventory, EventLog events, LazyApplication application, TimeProvider time)
{
    /// <summary>More streams at once are refused.</summary>
    public const int Most = 100;

    private static readonly TimeSpan _pace = TimeSpan.FromSeconds(1);
    private int _open;

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/stream", (StreamResource resource, HttpContext context, string[]? cluster, long? after) =>
                resource.RunAsync(context, cluster ?? [], after))
            .Requires(Role.Viewer).WithSummary("Changes as they happen (text/event-stream).")
            .Produces(200, contentType: "text/event-stream").ProducesProblem(503);

    private async Task RunAsync(HttpContext context, string[] clusters, long? after)
    {
        if (Interlocked.Increment(ref _open) > Most)
        {
            Interlocked.Decrement(ref _open);
            await Problems.Of(StatusCodes.Status503ServiceUnavailable, "Too many event streams are open.", "Close one.").ExecuteAsync(context);
            return;
        }

        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers["X-Accel-Buffering"] = "no";
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, application.Stopping);
            var lastEvent = after ?? (long.TryParse(context.Request.Headers["Last-Event-ID"], out var seen) ? seen : events.LastId);
            await WriteAsync(context.Response, [.. clusters.Take(50)], lastEvent, ending.Token);
        }
        catch (OperationCanceledException)
        {
            // The page was closed, or Gateway stops.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task WriteAsync(HttpResponse response, string[] clusters, long lastEvent, CancellationToken ending)
    {
        var told = new Dictionary<string, byte[]>(StringComparer.OrdinalIgnoreCase);
        var revision = -1L;
        using var timer = new PeriodicTimer(_pace, time);
        do
        {
            var snapshot = inventory.Snapshot;
            if (snapshot.Revision != revision)
            {
                revision = snapshot.Revision;
                await SendAsync(response, "revision", null, revision, ending);
            }

            var summaries = Changed(snapshot.Clusters.Select(c => inventory.Of(c, withDestinations: false)), told, c => c.Id);
            if (summaries.Count > 0)
            {
                await SendAsync(response, "clusters", null, summaries, ending);
            }

            var destinations = Changed(
                clusters.Select(snapshot.FindCluster).OfType<Clusters.Cluster>().SelectMany(c => c.Destinations).Select(inventory.Of),
                told, d => $"{d.Cluster}/{d.Id}");
            if (destinations.Count > 0)
            {
                await SendAsync(response, "destinations", null, destinations, ending);
            }

            foreach (var happened in events.After(lastEvent))
            {
                lastEvent = happened.Id;
                await SendAsync(response, "event", happened.Id, happened, ending);
            }

            await response.Body.FlushAsync(ending);
        }
        while (await timer.WaitForNextTickAsync(ending));
    }

    /// <summary>Those whose text differs from what was told; in JSON, so that nobody has to keep track of single values.
    /// </summary>
    private static List<JsonElement> Changed<T>(IEnumerable<T> views, Dictionary<string, byte[]> told, Func<T, string> id)
    {
        var changed = new List<JsonElement>();
        foreach (var view in views)
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(view, ApiJson.Options);
            if (!told.TryGetValue(id(view), out var before) || !before.AsSpan().SequenceEqual(json))
            {
                told[id(view)] = json;
                changed.Add(JsonElement.Parse(json));
            }
        }

        return changed;
    }

    private static async Task SendAsync<T>(HttpResponse response, string name, long? id, T data, CancellationToken ending)
    {
        await response.WriteAsync(id is null ? $"event: {name}\ndata: " : $"id: {id}\nevent: {name}\ndata: ", ending);
        await JsonSerializer.SerializeAsync(response.Body, data, ApiJson.Options, ending);
        await response.WriteAsync("\n\n", ending);
    }
}
