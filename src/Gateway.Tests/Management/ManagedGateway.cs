using System.Collections;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Gateway.Management.Access;
using Gateway.Management.Events;
using Gateway.Management.Listening;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Management;

/// <summary>The whole program with its management listener on a free port.</summary>
internal sealed class ManagedGateway : IAsyncDisposable
{
    public const string AdminPassword = "correct horse";

    private ManagedGateway(RunningGateway gateway)
    {
        Gateway = gateway;
        Api = Client();
    }

    public RunningGateway Gateway { get; }

    /// <summary>Asks the management listener, with no login.</summary>
    public HttpClient Api { get; }

    public IPEndPoint EndPoint => Gateway.Services.GetRequiredService<ManagementListener>().EndPoints[0];

    public EventLog Events => Gateway.Services.GetRequiredService<EventLog>();

    /// <param name="json">The configuration but for <c>Management</c>.</param>
    /// <param name="management">More keys of that section.</param>
    /// <param name="environment">Variables that override keys; null is none.</param>
    public static async Task<ManagedGateway> StartAsync(string json, string management = "", IDictionary? environment = null) =>
        new(await RunningGateway.StartAsync(WithManagement(json, management), environment: environment));

    /// <summary>Puts another configuration, but for <c>Management</c>, in the place of its file and waits until it is in force.
    /// </summary>
    public Task ReloadAsync(string json) => Gateway.ReloadAsync(WithManagement(json, ""));

    /// <summary>The <c>Users</c> and <c>Tokens</c> keys with one user and one token of each role.</summary>
    public static string LoginsFor(params string[] tokens)
    {
        string[] roles = ["viewer", "operator", "admin"];
        var users = roles.Select(role =>
            $$"""  "{{role}}": { "Password": "{{Logins.Hash(role, AdminPassword)}}", "Role": "{{role}}" } """);
        var secrets = tokens.Zip(roles).Select(pair =>
            $$"""  "{{pair.Second}}": { "Secret": "{{Logins.Hash(pair.Second, pair.First)}}", "Role": "{{pair.Second}}" } """);
        return $$""" "Users": { {{string.Join(',', users)}} }, "Tokens": { {{string.Join(',', secrets)}} } """;
    }

    public HttpClient Client(string? token = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = new Uri($"http://{EndPoint}/"),
        };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }

        return client;
    }

    public async Task<JsonNode> GetAsync(string path) =>
        (await Api.GetFromJsonAsync<JsonNode>("api/v1/" + path))!;

    /// <summary>Sends JSON and returns the status and the answer; null when it has none.</summary>
    public async Task<(HttpStatusCode Status, JsonNode? Answer)> SendAsync(HttpMethod method, string path, string json = "{}")
    {
        using var request = new HttpRequestMessage(method, "api/v1/" + path)
        {
            Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json"),
        };
        using var response = await Api.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    public Task<(HttpStatusCode Status, JsonNode? Answer)> PostAsync(string path, string json = "{}") =>
        SendAsync(HttpMethod.Post, path, json);

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await Gateway.DisposeAsync();
    }

    private static string WithManagement(string json, string management)
    {
        var section = $$""" "Management": { "Listen": "127.0.0.1:0"{{(management.Length > 0 ? "," + management : "")}} }, """;
        return json.Insert(json.IndexOf('{', StringComparison.Ordinal) + 1, section);
    }
}
