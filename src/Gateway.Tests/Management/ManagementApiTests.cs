using System.Net;
using System.Text.Json.Nodes;
using Gateway.Telemetry;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Management;

/// <summary>What the API tells of a running Gateway, and what it does to destinations.</summary>
public sealed partial class ManagementApiTests : IAsyncLifetime
{
    private HttpDestination _a = null!;
    private HttpDestination _b = null!;
    private ManagedGateway _gateway = null!;

    private string Configuration => $$"""
        {
          "ReverseProxy": {
            "Routes": { "all": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
            "Clusters": {
              "web": {
                "LoadBalancingPolicy": "wrr",
                "Persistence": { "Timeout": "00:05:00" },
                "Destinations": {
                  "a": { "Address": "{{_a.Address}}", "Weight": 3 },
                  "b": { "Address": "{{_b.Address}}" }
                }
              }
            }
          }
        }
        """;

    public async Task InitializeAsync()
    {
        _a = await HttpDestination.StartAsync("a");
        _b = await HttpDestination.StartAsync("b");
        _gateway = await ManagedGateway.StartAsync(Configuration);
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task Cluster_TellsItsDestinationsWithTheFiveWords()
    {
        await _gateway.Gateway.Client.GetStringAsync("/");

        var cluster = await _gateway.GetAsync("clusters/WEB");

        Assert.Equal(("web", "ok", "wrr", 2, 2), (
            (string)cluster["id"]!, (string)cluster["state"]!, (string)cluster["scheduler"]!, (int)cluster["total"]!, (int)cluster["ready"]!));
        Assert.Equal("all", (string)cluster["routes"]![0]!);
        var a = cluster["destinations"]![0]!;
        Assert.Equal(("a", "ready", "configured", 3, 1), (
            (string)a["id"]!, (string)a["state"]!, (string)a["decidedBy"]!, (int)a["weight"]!, (int)a["flows"]!));
        Assert.Equal((3, "none"), ((int)a["words"]!["configured"]!, (string)a["words"]!["probe"]!));
        Assert.Null(a["words"]!["admin"]);
        Assert.Equal("127.0.0.1", (string)(await _gateway.GetAsync("clusters/web/persistence"))["clients"]![0]!["client"]!);
    }

    // An agent is no probe by which a destination is up or down, and yet it is asked, counted and shown.
    [Fact]
    public async Task Destination_WithAnAgentOnly_HasALastProbeAndMetrics()
    {
        await using var agent = new ScriptedServer("send up 50%\n");
        await _gateway.ReloadAsync($$"""
            { "ReverseProxy": { "Clusters": { "web": {
                "Probe": { "Kind": "agent", "Port": {{agent.EndPoint.Port}}, "Interval": "00:00:01", "Timeout": "00:00:01" },
                "Destinations": { "a": { "Address": "{{_a.Address}}", "Weight": 3 } } } } } }
            """);
        await Eventually.TrueAsync(async () => (await _gateway.GetAsync("clusters/web/destinations/a"))["lastProbe"] is not null, "a probe is told");

        var cluster = await _gateway.GetAsync("clusters/web");
        var a = cluster["destinations"]![0]!;
        Assert.Equal(("agent", "passed", "none"), ((string)cluster["probe"]!, (string)a["lastProbe"]!["outcome"]!, (string)a["words"]!["probe"]!));
        Assert.Equal(("agent", 0.5), ((string)a["words"]!["agent"]!["source"]!, (double)a["words"]!["agent"]!["share"]!));
        using var client = new HttpClient();
        var page = await client.GetStringAsync(
            new Uri($"http://{_gateway.Gateway.Services.GetRequiredService<TelemetryListener>().EndPoints[0]}/metrics"));
        Assert.Contains("gateway_probe_results_total{cluster=\"web\",destination=\"a\",outcome=\"passed\"}", page, StringComparison.Ordinal);
        Assert.Contains("gateway_probe_last_duration_seconds{cluster=\"web\",destination=\"a\"}", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Maintenance_TakesTheDestinationOut_AndUndoBringsItBack()
    {
        var (_, preview) = await _gateway.PostAsync("clusters/web/destinations/a/maintenance?dryRun=true");
        Assert.Equal(("a gets 0% of new flows instead of 75%", 1.0), (
            (string)preview!["effect"]!, (double)preview["shares"]![1]!["after"]!));
        Assert.Equal("ready", (string)(await _gateway.GetAsync("clusters/web/destinations/a"))["state"]!);

        var (_, done) = await _gateway.PostAsync("clusters/web/destinations/a/maintenance", """{ "why": "kernel", "for": "02:00:00" }""");
        Assert.Equal("maintenance", (string)done!["after"]!["state"]!);
        Assert.Matches("^maintenance by local until .*: kernel$", (string)done["after"]!["reason"]!);
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("b", await _gateway.Gateway.Client.GetStringAsync("/"));
        }

        var (status, undone) = await _gateway.PostAsync(((string)done["undo"]!)["/api/v1/".Length..]);
        Assert.Equal((HttpStatusCode.OK, "ready"), (status, (string)undone!["after"]!["state"]!));
        var (again, _) = await _gateway.PostAsync(((string)done["undo"]!)["/api/v1/".Length..]);
        Assert.Equal(HttpStatusCode.NotFound, again);
        Assert.Contains(_gateway.Events.After(0), e => e is { Kind: "action", Who: "local", From: "127.0.0.1", Destination: "a" }
            && e.Text.Contains("ready, weight 3 → maintenance", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Action_ThatIsWrong_IsAProblemWithARemedy()
    {
        (string Path, string Body, int Status, string Title)[] attempts =
        [
            ("clusters/none/destinations/a/drain", "{}", 404, "There is no cluster 'none'."),
            ("clusters/web/destinations/none/drain", "{}", 404, "Cluster 'web' has no destination 'none'."),
            ("clusters/web/destinations/a/weight", """{ "weight": 70000 }""", 400, "weight '70000' is not a whole number from 0 to 65535."),
            ("clusters/web/destinations/a/drain", """{ "for": "-00:00:01" }""", 400, "for '-00:00:01' is not a time above 0"),
            ("clusters/web/destinations/a/drain", """{ "until": "2001-01-01T00:00:00Z" }""", 400, "until '2001-01-01 00:00:00Z' is in the past."),
            ("clusters/web/destinations/a/weight", """{ "wieght": 7 }""", 400, "wieght is no key of this body."),
            ("clusters/web/destinations/a/weight", "{", 400, "body is no JSON that can be read, from line 1, byte 2 on."),
            ("nothing", "{}", 404, "There is nothing at this path."),
        ];
        foreach (var (path, body, status, title) in attempts)
        {
            var (answered, problem) = await _gateway.PostAsync(path, body);

            Assert.Equal(status, (int)answered);
            Assert.StartsWith(title, (string)problem!["title"]!, StringComparison.Ordinal);
            Assert.NotEmpty((string)problem["detail"]!);
        }
    }

    [Fact]
    public async Task WeightAndUp_AreAPersonsWords()
    {
        await _gateway.PostAsync("clusters/web/destinations/a/weight", """{ "weight": 0 }""");
        var drained = await _gateway.GetAsync("clusters/web/destinations/a");
        await _gateway.PostAsync("clusters/web/destinations/a/weight", """{ "weight": null }""");
        await _gateway.PostAsync("clusters/web/destinations/a/up?force=true");
        var forced = await _gateway.GetAsync("clusters/web/destinations/a");

        Assert.Equal(("drain", 0, "local"), ((string)drained["state"]!, (int)drained["weight"]!, (string)drained["words"]!["weight"]!["who"]!));
        Assert.Equal(("ready", 3, "up"), ((string)forced["state"]!, (int)forced["weight"]!, (string)forced["words"]!["admin"]!["order"]!));
    }

    [Fact]
    public async Task Drain_IsFollowedToItsEnd_AndTakenBack()
    {
        var (status, started) = await _gateway.PostAsync("drains", """{ "cluster": "web", "destination": "a", "why": "update", "deadline": "00:10:00" }""");
        Assert.Equal((HttpStatusCode.OK, "a", "local"), (status, (string)started!["destination"]!, (string)started["who"]!));
        var id = (string)started["id"]!;
        await Eventually.TrueAsync(async () => (string)(await _gateway.GetAsync($"drains/{id}"))["status"]! == "empty", "the drain is empty");
        Assert.Equal("drain", (string)(await _gateway.GetAsync("clusters/web/destinations/a"))["state"]!);

        var (cancelled, back) = await _gateway.SendAsync(HttpMethod.Delete, $"drains/{id}");

        Assert.Equal((HttpStatusCode.OK, "cancelled"), (cancelled, (string)back!["status"]!));
        Assert.Equal("ready", (string)(await _gateway.GetAsync("clusters/web/destinations/a"))["state"]!);
        var (missing, _) = await _gateway.PostAsync("drains", """{ "cluster": "none" }""");
        var (wrong, _) = await _gateway.PostAsync("drains", """{ "cluster": "web", "deadline": "-00:00:01" }""");
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.BadRequest), (missing, wrong));
    }

    [Fact]
    public async Task Drain_IsPreviewed_AndThoseInEffectAreStreamed()
    {
        var (_, preview) = await _gateway.PostAsync("drains?dryRun=true", """{ "cluster": "web" }""");
        Assert.Equal(("", 2, 0), ((string)preview!["id"]!, (int)preview["destinations"]!, (int)preview["left"]!));
        Assert.Equal(HttpStatusCode.NotFound, (await _gateway.PostAsync("drains?dryRun=true", """{ "cluster": "web", "destination": "c" }""")).Status);
        Assert.Empty((await _gateway.GetAsync("drains")).AsArray());
        using var stream = await _gateway.Api.GetStreamAsync("/api/v1/stream");
        using var reader = new StreamReader(stream);
        Assert.Empty((await ReadAsync(reader, "drains")).AsArray());

        var (_, started) = await _gateway.PostAsync("drains");

        Assert.Equal((true, 0), ((bool)started!["inEffect"]!, (int)started["destinations"]!));
        Assert.Equal((string)started["id"]!, (string)Assert.Single((await ReadAsync(reader, "drains")).AsArray())!["id"]!);
        await _gateway.SendAsync(HttpMethod.Delete, $"drains/{started["id"]}");
        JsonArray left;
        do
        {
            left = (await ReadAsync(reader, "drains")).AsArray();
        }
        while (left.Count > 0);
        Assert.Contains(_gateway.Events.After(0), e => e.Text == $"took drain {started["id"]} of the node back");
    }

    [Fact]
    public async Task Explain_TellsWhyNow_AndDecisionsWhatWas()
    {
        var now = await _gateway.GetAsync("clusters/web/explain?client=10.0.0.1");
        Assert.Equal("a", (string)now["chosen"]!);
        Assert.Equal("not_its_turn", (string)now["candidates"]![1]!["verdict"]!);

        Assert.False((bool)(await _gateway.GetAsync("clusters/web/decisions"))["recording"]!);
        await _gateway.PostAsync("clusters/web/decisions");
        await _gateway.Gateway.Client.GetStringAsync("/");
        var decisions = await _gateway.GetAsync("clusters/web/decisions");

        Assert.Equal("a", (string)Assert.Single(decisions["decisions"]!.AsArray())!["chosen"]!);
    }

    [Fact]
    public async Task ResetCounters_CountsAnew_AndMetricsGoOn()
    {
        await _gateway.Gateway.Client.GetStringAsync("/");
        await _gateway.PostAsync("clusters/web/reset-counters");
        await _gateway.Gateway.Client.GetStringAsync("/");

        Assert.Equal(1, (int)(await _gateway.GetAsync("clusters/web"))["flows"]!);
        Assert.Equal(2, _gateway.Gateway.State("web", "a").Flows + _gateway.Gateway.State("web", "b").Flows);
    }

    [Fact]
    public async Task Stream_TellsWhatChanges()
    {
        using var stream = await _gateway.Api.GetStreamAsync("/api/v1/stream?cluster=web");
        using var reader = new StreamReader(stream);
        var first = await ReadAsync(reader, "destinations");
        Assert.Equal(2, first.AsArray().Count);

        await _gateway.PostAsync("clusters/web/destinations/b/drain", """{ "why": "update" }""");

        var told = await ReadAsync(reader, "destinations");
        Assert.Equal(("b", "drain"), ((string)told[0]!["id"]!, (string)told[0]!["state"]!));
        Assert.Contains("drain", (string)(await ReadAsync(reader, "event"))["text"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatusRoutesAndSchema_AreThere()
    {
        var status = await _gateway.GetAsync("status");
        var routes = await _gateway.GetAsync("routes");
        var schema = await _gateway.GetAsync("configuration/schema");

        Assert.Equal((true, 1, 2), ((bool)status["ready"]!, (int)status["clusters"]!, (int)status["readyDestinations"]!));
        Assert.Equal(("all", "web"), ((string)routes[0]!["id"]!, (string)routes[0]!["cluster"]!));
        Assert.Equal("Configuration of Gateway", (string)schema["title"]!);
    }

    [Fact]
    public async Task Queue_OfACluster_IsToldWithWhatWaitsInIt()
    {
        var release = new TaskCompletionSource();
        await using var slow = await HttpDestination.StartAsync("slow", async context =>
        {
            await release.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync("slow");
        });
        await using var managed = await ManagedGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("slow", slow.Address, more: "\"MaxConnections\": 1,")],
            """ "Queue": { "Length": 2, "Timeout": "00:01:00" }, """));
        Assert.Equal("""{"waiting":0,"length":2,"refused":0}""", await QueueAsync());

        var answers = Enumerable.Range(0, 3).Select(_ => managed.Gateway.Client.GetStringAsync("/")).ToList();
        await Eventually.TrueAsync(async () => await QueueAsync() == """{"waiting":2,"length":2,"refused":0}""", "two wait");
        using var refused = await managed.Gateway.Client.GetAsync("/");

        Assert.Equal("""{"waiting":2,"length":2,"refused":1}""", await QueueAsync());
        var lines = (await managed.Api.GetStringAsync("stats;csv")).Split('\n');
        var backend = lines.Single(line => line.StartsWith("web,BACKEND,", StringComparison.Ordinal)).Split(',');
        Assert.Equal("2", backend[Array.IndexOf(lines[0][2..].Split(','), "qcur")]);
        release.SetResult();
        Assert.Equal(["slow", "slow", "slow"], await Task.WhenAll(answers));

        async Task<string> QueueAsync() => (await managed.GetAsync("clusters/web"))["queue"]!.ToJsonString();
    }

    private static async Task<JsonNode> ReadAsync(StreamReader reader, string name)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await reader.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line == $"event: {name}")
            {
                var data = await reader.ReadLineAsync(deadline.Token);
                return JsonNode.Parse(data!["data: ".Length..])!;
            }
        }

        throw new EndOfStreamException($"The stream ended before {name}.");
    }
}
