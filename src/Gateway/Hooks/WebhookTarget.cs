using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Hooks;

/// <summary>POSTs a change as JSON; any 2xx is heard. Redirects are not followed, and no proxy is used.</summary>
internal sealed class WebhookTarget(HookOptions options) : IHookTarget, IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        MaxResponseDrainSize = 0,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public async Task<string?> TellAsync(StateChange change, CancellationToken deadline)
    {
        // With its length, which simple receivers cannot do without.
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(Of(change)));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Url) { Content = content };
        foreach (var (name, value) in options.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline);
            return response.IsSuccessStatusCode ? null : $"status {(int)response.StatusCode}";
        }
        catch (HttpRequestException e)
        {
            return WordFor(e.HttpRequestError);
        }
        catch (OperationCanceledException)
        {
            return "no answer in time";
        }
    }

    public void Dispose() => _client.Dispose();

    // The library's own words name host and port, which are as secret as the rest of the URL.
    private static string WordFor(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => "its name cannot be looked up",
        HttpRequestError.ConnectionError => "it cannot be connected to",
        HttpRequestError.SecureConnectionError => "TLS failed",
        HttpRequestError.ResponseEnded => "the connection ended before the answer",
        HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError => "the answer is not HTTP",
        _ => "the request failed",
    };

    private static Message Of(StateChange change) => new(
        change.Word, change.Cluster, change.Destination?.Id, change.Destination is null ? null : change.Address,
        change.Before?.ToString().ToLowerInvariant(), change.Destination?.Judgement.Availability.ToString().ToLowerInvariant(),
        change.Destination?.Judgement.DecidedBy.ToString().ToLowerInvariant(), change.Reason, change.InService, change.Total,
        change.At.UtcDateTime);

    /// <summary>The body of the request; docs/hooks.md describes it.</summary>
    private sealed record Message(
        [property: JsonPropertyName("event")] string Event,
        [property: JsonPropertyName("cluster")] string Cluster,
        [property: JsonPropertyName("destination")] string? Destination,
        [property: JsonPropertyName("address")] string? Address,
        [property: JsonPropertyName("from")] string? From,
        [property: JsonPropertyName("to")] string? To,
        [property: JsonPropertyName("decidedBy")] string? DecidedBy,
        [property: JsonPropertyName("reason")] string Reason,
        [property: JsonPropertyName("inService")] int InService,
        [property: JsonPropertyName("total")] int Total,
        [property: JsonPropertyName("at")] DateTime At);
}
