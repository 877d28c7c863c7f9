using System.Net;
using System.Text.Json.Nodes;
using Gateway.Management.Access;

namespace Gateway.Tests.Management;

/// <summary>What the API never shows, and what it lets nobody set who has not logged in.</summary>
public sealed class ReservedAndSecretTests
{
    private const string Configuration = """
        {
          "Hooks": {
            "pager": { "Url": "http://127.0.0.1:1/SECRET1", "Headers": { "Authorization": "SECRET2" }, "Clusters": [ "web" ] },
            "firewall": { "Command": [ "true", "safe" ] }
          },
          "ReverseProxy": { "Clusters": { "web": {
            "Probe": { "Kind": "http", "Path": "/", "Headers": { "X-Key": "SECRET3" } },
            "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } } }
        }
        """;

    private static readonly Uri _configuration = new("api/v1/configuration", UriKind.Relative);

    [Fact]
    public async Task Secrets_AreInNoAnswerAndNoEvent_AndSurviveBeingWrittenBack()
    {
        await using var gateway = await ManagedGateway.StartAsync(Configuration);
        var cluster = await gateway.GetAsync("configuration/clusters/web");
        var shown = $"{await gateway.GetAsync("configuration?origins=true")}{cluster}";
        Assert.Contains("\"X-Key\": \"(secret)\"", shown, StringComparison.Ordinal);

        var (status, changed) = await PatchAsync(gateway, """
            { "Hooks": { "pager": { "Url": "http://127.0.0.1:1/SECRET4", "Headers": { "Authorization": "SECRET5" } } } }
            """);
        Assert.Equal(HttpStatusCode.OK, status);
        var (wrong, errors) = await PatchAsync(gateway, """{ "Hooks": { "pager": { "Url": "SECRET6" } } }""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong);
        cluster["Probe"]!["Path"] = "/health";
        var (put, putAnswer) = await gateway.SendAsync(HttpMethod.Put, "configuration/clusters/web", cluster.ToJsonString());

        Assert.Equal(HttpStatusCode.OK, put);
        Assert.Equal(["ReverseProxy:Clusters:web:Probe:Path"], putAnswer!["differences"]!.AsArray().Select(d => (string)d!["key"]!));
        shown += $"{changed}{errors}{putAnswer}{await gateway.GetAsync("events")}{await gateway.GetAsync("configuration/versions")}";
        Assert.Contains("Hooks:pager:Url: (secret) → (secret)", string.Join('\n', gateway.Events.After(0).Select(e => e.Text)), StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", shown, StringComparison.Ordinal);
        var open = await gateway.GetAsync("configuration?secrets=true");
        Assert.Equal("SECRET3", (string)open["configuration"]!["ReverseProxy"]!["Clusters"]!["web"]!["Probe"]!["Headers"]!["X-Key"]!);
    }

    [Fact]
    public async Task WhatMayHoldASecret_IsShownToAdminsOnly_AndIsInNoEvent()
    {
        const string Json = """
            {
              "Hooks": { "firewall": { "Command": [ "true", "--key=SECRET1" ] } },
              "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "web", "Match": { "Path": "{**rest}" }, "Transforms": [
                  { "RequestHeader": "Authorization", "Set": "Basic SECRET2" }, { "RequestHeader": "Cookie", "Append": "id=SECRET3" } ] } },
                "Clusters": { "web": {
                  "Probe": { "Kind": "tcp", "Send": "AUTH SECRET4", "Expect": "+OK", "Steps": [ { "Send": "SECRET5", "Expect": "*" } ] },
                  "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } }
              }
            }
            """;
        await using var gateway = await ManagedGateway.StartAsync(Json, ManagedGateway.LoginsFor("gw_viewer.0123", "gw_operator.0123", "gw_admin.0123"));
        string[] paths = ["configuration?origins=true", "configuration?secrets=true", "configuration/clusters/web", "configuration/routes/all", "configuration/versions", "events", "status"];
        using var admin = gateway.Client("gw_admin.0123");
        using var changed = await admin.PatchAsync(_configuration, new StringContent("""
            { "ReverseProxy": { "Clusters": { "web": { "Probe": { "Send": "AUTH SECRET6" } } } } }
            """, System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);

        foreach (var role in new[] { "viewer", "operator" })
        {
            using var client = gateway.Client($"gw_{role}.0123");
            foreach (var path in paths)
            {
                Assert.DoesNotContain("SECRET", await client.GetStringAsync("api/v1/" + path), StringComparison.Ordinal);
            }
        }

        var whole = await admin.GetStringAsync("api/v1/configuration");
        Assert.All(new[] { "SECRET1", "SECRET2", "SECRET3", "SECRET5", "SECRET6" }, secret => Assert.Contains(secret, whole, StringComparison.Ordinal));
        Assert.DoesNotContain("SECRET", await admin.GetStringAsync("api/v1/events"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Hooks": { "new": { "Command": [ "id" ] } } }""", "Hooks:new:Command")]
    [InlineData("""{ "Hooks": { "firewall": { "Command": [ "true" ] } } }""", "Hooks:firewall:Command")]
    [InlineData("""{ "ReverseProxy": { "Clusters": { "web": { "Probe": { "Kind": "command", "Path": null, "Headers": null, "Command": [ "id" ] } } } } }""", "ReverseProxy:Clusters:web:Probe:Kind")]
    [InlineData("""{ "ReverseProxy": { "Clusters": { "web": { "Probes": [ { "Kind": "command", "Command": [ "id" ] } ] } } } }""", "ReverseProxy:Clusters:web:Probes:0:Kind")]
    [InlineData("""{ "Telemetry": { "AccessLog": { "Enabled": true, "Path": "x" } } }""", "Telemetry:AccessLog:Path")]
    [InlineData("""{ "Management": { "Tokens": { "me": { "Secret": "@" } } } }""", "Management:Tokens")]
    public async Task ReservedKey_WithoutLogin_IsRefusedWithARemedy(string patch, string key)
    {
        await using var gateway = await ManagedGateway.StartAsync(Configuration);
        patch = patch.Replace("@", Logins.Hash("me", "gw_me.0123"), StringComparison.Ordinal);

        var (status, problem) = await PatchAsync(gateway, patch);

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Equal($"{key} is changed for somebody who has logged in only.", (string)problem!["title"]!);
        Assert.Contains("gateway passwd NAME --role admin", (string)problem["errors"]![0]!["remedy"]!, StringComparison.Ordinal);
        Assert.Contains(gateway.Events.After(0), e => e.Kind == "access" && e.Text.Contains(key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Command_WithoutLogin_MayBeTakenAway_ButNotBroughtBack()
    {
        await using var gateway = await ManagedGateway.StartAsync(Configuration);

        var (removed, _) = await PatchAsync(gateway, """{ "Hooks": { "firewall": null } }""");
        var (restored, _) = await gateway.PostAsync("configuration/versions/0/restore");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden), (removed, restored));
    }

    [Fact]
    public async Task Command_ByAnAdminWhoHasLoggedIn_IsChanged()
    {
        var token = Logins.NewToken("admin");
        await using var gateway = await ManagedGateway.StartAsync(Configuration, ManagedGateway.LoginsFor("v", "o", token));
        using var admin = gateway.Client(token);
        using var content = new StringContent("""{ "Hooks": { "firewall": { "Command": [ "true" ] } } }""", System.Text.Encoding.UTF8, "application/json");

        using var answer = await admin.PatchAsync(_configuration, content);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static Task<(HttpStatusCode Status, JsonNode? Answer)> PatchAsync(ManagedGateway gateway, string patch) =>
        gateway.SendAsync(HttpMethod.Patch, "configuration", patch);
}
