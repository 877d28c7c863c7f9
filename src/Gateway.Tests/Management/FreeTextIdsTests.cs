using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Commands;

namespace Gateway.Tests.Management;

/// <summary>Ids are free text: the API, the pages and the console find what the configuration may name.</summary>
public sealed class FreeTextIdsTests : IAsyncLifetime
{
    /// <summary>What each id is written as in a path.</summary>
    private static readonly (string Id, string Path)[] _ids =
    [
        ("a/b", "a%2Fb"), ("a b", "a%20b"), ("50%", "50%25"), ("a%2Fb", "a%252Fb"), ("größe", "gr%C3%B6%C3%9Fe"), ("a+b?c#d", "a%2Bb%3Fc%23d"),
        ("日本", "%e6%97%a5%e6%9c%ac"),
    ];

    private ManagedGateway _gateway = null!;

    public async Task InitializeAsync()
    {
        var (routes, clusters, servers) = (new JsonObject(), new JsonObject(), new JsonObject());
        foreach (var (id, _) in _ids)
        {
            routes[id] = new JsonObject { ["ClusterId"] = id, ["Match"] = new JsonObject { ["Hosts"] = new JsonArray($"h{routes.Count}.example") } };
            clusters[id] = new JsonObject { ["Destinations"] = new JsonObject { [id] = new JsonObject { ["Address"] = "http://127.0.0.1:9" } } };
            servers[id] = new JsonObject { ["ClusterId"] = id, ["Listen"] = $"127.0.0.{servers.Count + 1}:0" };
        }

        _gateway = await ManagedGateway.StartAsync(new JsonObject
        {
            ["ReverseProxy"] = new JsonObject { ["Routes"] = routes, ["Clusters"] = clusters },
            ["VirtualServers"] = servers,
        }.ToJsonString());
    }

    public async Task DisposeAsync() => await _gateway.DisposeAsync();

    [Fact]
    public async Task EveryPath_FindsThem()
    {
        foreach (var (id, path) in _ids)
        {
            Assert.Equal(id, (string)(await _gateway.GetAsync($"clusters/{path}"))["id"]!);
            Assert.Equal(id, (string)(await _gateway.GetAsync($"clusters/{path}/destinations/{path}"))["id"]!);
            Assert.Equal(id, (string)(await _gateway.GetAsync($"virtual-servers/{path}"))["id"]!);
            Assert.NotNull((await _gateway.GetAsync($"configuration/clusters/{path}"))["Destinations"]![id]);
            Assert.Equal(id, (string)(await _gateway.GetAsync($"configuration/routes/{path}"))["ClusterId"]!);
            Assert.Equal(id, (string)(await _gateway.GetAsync($"configuration/virtual-servers/{path}"))["ClusterId"]!);
            var (status, done) = await _gateway.PostAsync($"clusters/{path}/destinations/{path}/weight?dryRun=true", """{ "weight": 2 }""");
            Assert.Equal((HttpStatusCode.OK, id), (status, (string)done!["after"]!["id"]!));
            using var page = await _gateway.Api.GetAsync(new Uri($"clusters/{path}", UriKind.Relative));
            Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        }
    }

    [Fact]
    public async Task Put_CreatesWhatThePathMeans()
    {
        foreach (var (id, path) in new[] { ("we/ird", "we%2Fird"), ("100%25", "100%2525"), ("ж", "%D0%B6") })
        {
            var (status, _) = await _gateway.SendAsync(HttpMethod.Put, $"configuration/clusters/{path}", """{ "Destinations": { "d": { "Address": "http://127.0.0.1:9" } } }""");
            Assert.Equal(HttpStatusCode.OK, status);
            var (added, _) = await _gateway.SendAsync(HttpMethod.Put, $"configuration/clusters/{path}/destinations/{path}", """{ "Address": "http://127.0.0.1:10" }""");
            Assert.Equal(HttpStatusCode.OK, added);

            Assert.NotNull(_gateway.Gateway.Store.Current.FindCluster(id)?.Find(id));
            Assert.Equal(HttpStatusCode.OK, (await _gateway.SendAsync(HttpMethod.Delete, $"configuration/clusters/{path}")).Status);
            Assert.Null(_gateway.Gateway.Store.Current.FindCluster(id));
        }
    }

    [Fact]
    public async Task PathWithDots_LeadsWhereItsDotsLead_AndNowhereElse()
    {
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var client = new HttpClient(handler);
        var options = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        var target = new Uri($"http://{_gateway.EndPoint}/api/v1/clusters/x/../a%20b", options);

        Assert.Contains("\"id\":\"a b\"", await client.GetStringAsync(target), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_UnderstandsSlashes()
    {
        await ConsoleRig.WithAsync("""
            {
              "ReverseProxy": { "Clusters": {
                "a": { "Destinations": { "x": { "Address": "http://127.0.0.1:9" } } },
                "a/b": { "Destinations": { "d/1": { "Address": "http://127.0.0.1:9" }, "d 2": { "Address": "http://127.0.0.1:9" } } } } }
            }
            """, async rig =>
        {
            Assert.Contains("d/1", (await rig.RunAsync("show a/b")).Output, StringComparison.Ordinal);
            Assert.Equal(0, (await rig.RunAsync("weight a/b/d/1 7")).Exit);
            Assert.Equal(7, rig.Gateway.Store.Current.FindCluster("a/b")!.Find("d/1")!.Weight);
            Assert.Contains("a/b/d/1,", (await rig.RunAsync("drain a/b/d/1")).Output, StringComparison.Ordinal);
            Assert.Contains("cluster a/b (2 destinations),", (await rig.RunAsync("drain a/b")).Output, StringComparison.Ordinal);
            Assert.Contains("a/x,", (await rig.RunAsync("drain a/x")).Output, StringComparison.Ordinal);
            var (exit, _, errors) = await rig.RunAsync("drain a/b/none");
            Assert.Equal((1, "Cluster 'a' has no destination 'b/none'. 'gateway show a' lists them."), (exit, errors.TrimEnd()));
            Assert.Equal("a/b/d 2 a/b/d/1", string.Join(' ', rig.Complete("up a/b/").Order(StringComparer.Ordinal)));
        });
    }
}
