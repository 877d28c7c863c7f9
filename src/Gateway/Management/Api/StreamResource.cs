using System.Text.Json;
using Gateway.Management.Access;
using Gateway.Management.Events;
using Gateway.Management.Listening;
using Gateway.Management.Views;

namespace Gateway.Management.Api;

/// <summary>Changes as they happen, as server-sent events: once a second what differs from what was told before.</summary>
/// <remarks>
/// WHATWG HTML, "Server-sent events". Events: <c>clusters</c>, a list of those that changed; <c>destinations</c>, the same of
/// the clusters that were asked for by <c>?cluster=</c>; <c>drains</c>, all that are in effect, whenever one of them differs;
/// <c>event</c>, one of the history; <c>revision</c>, whenever clusters, destinations or virtual servers came or went. It ends with the login. The views are those of the other resources.
/// </remarks>
internal sealed class StreamResource(
    Inventory inventory, DrainsResource drains, EventLog events, LazyApplication application, Authentication authentication,
    TimeProvider time)
{
    /// <summary>More streams at once are refused.</summary>
    public const int Most = 100;

    private static readonly TimeSpan _pace = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private List<(string Id, byte[] Json)> _summaries = [];
    private byte[] _drains = [];
    private long _summed = long.MinValue;
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
            await WriteAsync(context, [.. clusters.Take(50)], lastEvent, ending.Token);
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

    private async Task WriteAsync(HttpContext context, string[] clusters, long lastEvent, CancellationToken ending)
    {
        var told = new Dictionary<string, byte[]>(StringComparer.OrdinalIgnoreCase);
        var response = context.Response;
        var revision = -1L;
        byte[]? toldDrains = null;
        using var timer = new PeriodicTimer(_pace, time);
        do
        {
            var snapshot = inventory.Snapshot;
            if (snapshot.Revision != revision)
            {
                revision = snapshot.Revision;
                await SendAsync(response, "revision", null, revision, ending);
            }

            var summaries = Changed(Summaries(), told);
            if (summaries is not null)
            {
                await SendAsync(response, "clusters", null, summaries, ending);
            }

            var destinations = Changed(
                clusters.Select(snapshot.FindCluster).OfType<Clusters.Cluster>().SelectMany(c => c.Destinations)
                    .Select(d => ($"{d.ClusterId}/{d.Id}", JsonSerializer.SerializeToUtf8Bytes(inventory.Of(d), ApiJson.Options))),
                told);
            if (destinations is not null)
            {
                await SendAsync(response, "destinations", null, destinations, ending);
            }

            var inEffect = Drains();
            if (toldDrains is null || !toldDrains.AsSpan().SequenceEqual(inEffect))
            {
                toldDrains = inEffect;
                await SendAsync(response, "drains", null, inEffect, ending);
            }

            foreach (var happened in events.After(lastEvent))
            {
                lastEvent = happened.Id;
                await SendAsync(response, "event", happened.Id, happened, ending);
            }

            await response.Body.FlushAsync(ending);
        }
        while (await timer.WaitForNextTickAsync(ending) && await authentication.MayGoOnAsync(context));
    }

    /// <summary>All clusters as JSON, made once for all streams of the same moment: it visits every destination.</summary>
    private List<(string Id, byte[] Json)> Summaries()
    {
        lock (_gate)
        {
            SumNeedsLock();
            return _summaries;
        }
    }

    /// <summary>The same of the drains in effect, as one list: it visits every flow that they wait for.</summary>
    private byte[] Drains()
    {
        lock (_gate)
        {
            SumNeedsLock();
            return _drains;
        }
    }

    private void SumNeedsLock()
    {
        if (_summed == long.MinValue || time.GetElapsedTime(_summed) > _pace / 2)
        {
            _summaries = [.. inventory.Clusters().Select(view => (view.Id, JsonSerializer.SerializeToUtf8Bytes(view, ApiJson.Options)))];
            _drains = JsonSerializer.SerializeToUtf8Bytes(drains.InEffect(), ApiJson.Options);
            _summed = time.GetTimestamp();
        }
    }

    /// <summary>Those whose JSON differs from what was told, as one list; null when none does.</summary>
    private static byte[]? Changed(IEnumerable<(string Id, byte[] Json)> views, Dictionary<string, byte[]> told)
    {
        MemoryStream? list = null;
        foreach (var (id, json) in views)
        {
            if (told.TryGetValue(id, out var before) && (ReferenceEquals(before, json) || before.AsSpan().SequenceEqual(json)))
            {
                continue;
            }

            told[id] = json;
            (list ??= new MemoryStream()).WriteByte(list.Length == 0 ? (byte)'[' : (byte)',');
            list.Write(json);
        }

        list?.WriteByte((byte)']');
        return list?.ToArray();
    }

    private static Task SendAsync<T>(HttpResponse response, string name, long? id, T data, CancellationToken ending) =>
        SendAsync(response, name, id, JsonSerializer.SerializeToUtf8Bytes(data, ApiJson.Options), ending);

    private static async Task SendAsync(HttpResponse response, string name, long? id, byte[] json, CancellationToken ending)
    {
        await response.WriteAsync(id is null ? $"event: {name}\ndata: " : $"id: {id}\nevent: {name}\ndata: ", ending);
        await response.Body.WriteAsync(json, ending);
        await response.WriteAsync("\n\n", ending);
    }
}
