using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Hosting;
using Gateway.Management.Access;

namespace Gateway.Commands.Remote;

/// <summary>A running Gateway refused, or did not answer. The message says what and, where Gateway tells it, what to do.</summary>
internal sealed class RemoteException(string message) : Exception(message);

/// <summary>Asks the management API of a running Gateway.</summary>
internal sealed class GatewayClient : IDisposable
{
    /// <summary>Where Gateway is managed unless <c>Management:Listen</c> says otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:3636";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    // Keys of a configuration are as somebody wrote them.
    private static readonly JsonNodeOptions _anyCase = new() { PropertyNameCaseInsensitive = true };

    private readonly HttpClient _http;
    private readonly Uri _url;

    /// <param name="url">The management listener, without a path.</param>
    /// <param name="token">A token of <c>gateway passwd --token</c>; null where no login is needed.</param>
    public GatewayClient(Uri url, string? token)
    {
        _url = url;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(url, "/api/v1/"),
            Timeout = _patience,
        };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <exception cref="RemoteException">It refused, or did not answer.</exception>
    public Task<JsonNode> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    /// <param name="method">What to do.</param>
    /// <param name="path">Below /api/v1/, with its query.</param>
    /// <param name="body">What to send; null sends nothing.</param>
    /// <param name="ifRevision">The revision of the configuration that the request was made for; Gateway refuses when it is another
    /// by now. Null is any.</param>
    /// <returns>The answer; an empty object where there is none.</returns>
    /// <exception cref="RemoteException">It refused, or did not answer.</exception>
    public async Task<JsonNode> SendAsync(HttpMethod method, string path, JsonNode? body, string? ifRevision = null)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path);
            if (body is not null)
            {
                request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            }

            if (ifRevision is not null)
            {
                request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{ifRevision}\""));
            }

            using var response = await _http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            if (!response.IsSuccessStatusCode)
            {
                throw Refusal((int)response.StatusCode, text);
            }

            return response.Headers.Contains(AccessMiddleware.ApiHeader) ? Parse(text) : throw NoGateway();
        }
        catch (HttpRequestException e) when (e.InnerException is AuthenticationException tls)
        {
            throw new RemoteException($"The certificate of {_url} is not trusted: {tls.Message.TrimEnd('.')}. "
                + "Name its authority's file in SSL_CERT_FILE, and the host as the certificate does in --url.");
        }
        catch (HttpRequestException e)
        {
            throw new RemoteException($"No Gateway answers at {_url}: {e.Message.TrimEnd('.')}. Start one, or name another with --url.");
        }
        catch (TaskCanceledException)
        {
            throw new RemoteException($"{_url} did not answer within {_patience.TotalSeconds} seconds.");
        }
        catch (JsonException)
        {
            throw NoGateway();
        }
    }

    /// <summary>The path of a destination.</summary>
    public static string PathOf(string cluster, string destination) =>
        $"clusters/{Uri.EscapeDataString(cluster)}/destinations/{Uri.EscapeDataString(destination)}";

    public void Dispose() => _http.Dispose();

    private RemoteException NoGateway() =>
        new($"What answers at {_url} is no Gateway, or not its management listener. Name that with --url.");

    private static JsonNode Parse(string text) =>
        string.IsNullOrWhiteSpace(text) ? new JsonObject() : JsonNode.Parse(text, _anyCase) ?? new JsonObject();

    /// <summary>A problem document (RFC 9457) as lines of text.</summary>
    private RemoteException Refusal(int status, string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return new(status is 401 or 403 ? "Gateway wants a login. Set GATEWAY_TOKEN to a token of 'gateway passwd --token'."
                : $"{_url} answered {status}, and did not say why.");
        }

        if (JsonNode.Parse(text) is not JsonObject problem || !IsText(problem["title"], out var title))
        {
            return NoGateway();
        }

        var errors = (problem["errors"] as JsonArray ?? []).OfType<JsonObject>().Select(error =>
            $"{error["key"]}: {(error["value"] is { } value ? $"'{value}' " : "")}{error["rule"]}. {error["remedy"]}");
        return new(string.Join('\n', new[] { title, $"{problem["detail"]}" }.Where(line => line.Length > 0).Concat(errors).Select(Printable.Of)));
    }

    private static bool IsText(JsonNode? node, out string text)
    {
        text = node is JsonValue value && value.TryGetValue<string>(out var found) ? found : "";
        return text.Length > 0;
    }
}
