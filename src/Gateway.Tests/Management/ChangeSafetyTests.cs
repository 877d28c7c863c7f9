using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Gateway.Commands.Remote;
using Gateway.Configuration;
using Gateway.Management.Access;
using Gateway.Management.Changes;
using Gateway.Tests.Support;

namespace Gateway.Tests.Management;

/// <summary>A change never opens Gateway to strangers, stays half done, or is told otherwise than it is.</summary>
[Collection("SIGHUP")] // It reaches every Gateway of the process.
public class ChangeSafetyTests
{
    private const string Cluster = """ "ReverseProxy": { "Clusters": { "web": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:9" } } } } } """;

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "Management": { "Listen": "127.0.0.1:3636" } }""")]
    [InlineData("""{ "management": { "users": { "eve": { "Password": "x" } } } }""")]
    public void WholeFile_LeavesTheLoginsAsTheyAre(string file)
    {
        var before = (JsonObject)JsonNode.Parse(
            """{ "Management": { "Listen": "127.0.0.1:3636", "Users": { "anna": { "Password": "(secret)" } }, "Tokens": { "ci": {} } } }""")!;

        var patch = MergeDifference.OfWhole(before, (JsonObject)JsonNode.Parse(file)!);

        Assert.DoesNotContain("sers", patch.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Tokens", patch.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(file == "{}", patch["Management"]?.AsObject().ContainsKey("Listen") == true);
    }

    [Fact]
    public void VersionOfBefore_IsShownWithoutWhatOnlyAdminsRead()
    {
        const string Probe = "ReverseProxy:Clusters:web:Probe";

        Assert.Equal(new($"{Probe}:Send", null, Secrets.Hidden), ConfigurationDifference.Shown(new($"{Probe}:Send", null, "AUTH x")));
        Assert.Equal(new($"{Probe}:Kind", "tcp", "http"), ConfigurationDifference.Shown(new($"{Probe}:Kind", "tcp", "http")));
    }

    [Fact]
    public async Task Change_WaitsForWhoeverWritesTheOverlay_AndDoesNotWriteOverIt()
    {
        await using var gateway = await ManagedGateway.StartAsync($"{{ {Cluster} }}");
        var overlay = (string)(await gateway.GetAsync("configuration"))["overlay"]!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        Task<(HttpStatusCode Status, JsonNode? Answer)> change;
        using (await OverlayTurn.TakeAsync(overlay, TimeProvider.System, CancellationToken.None))
        {
            change = gateway.SendAsync(HttpMethod.Patch, "configuration", """{ "ReverseProxy": { "Clusters": { "web": { "Destinations": { "a": { "Weight": 5 } } } } } }""");
            await Eventually.TrueAsync(
                () => gateway.Gateway.Store.Current.FindCluster("web")!.Find("a")!.Options.Weight == 5, "the change is in force");
            // One that does not wait is kept by then. The rest is as 'gateway passwd' does in its turn.
            await Task.WhenAny(change, Task.Delay(Timeout.Infinite, patience.Token));
            Versions.Write(overlay, Versions.Bytes(new JsonObject { ["ShutdownTimeout"] = "00:00:07" }));
        }

        Assert.Equal(HttpStatusCode.Conflict, (await change).Status);
        Assert.Equal("00:00:07", (string)JsonNode.Parse(await File.ReadAllTextAsync(overlay))!["ShutdownTimeout"]!);
        await Eventually.TrueAsync(
            () => gateway.Gateway.Store.Current.FindCluster("web")!.Find("a")!.Options.Weight == 1, "the change is taken back");
    }

    [Fact]
    public async Task LastLogin_IsRemovedOnlyWhenThatIsSaid()
    {
        var token = Logins.NewToken("ci");
        await using var gateway = await ManagedGateway.StartAsync(
            $"{{ {Cluster} }}", $$""" "Tokens": { "ci": { "Secret": "{{Logins.Hash("ci", token)}}", "Role": "admin" } } """);
        using var api = gateway.Client(token);
        using var patch = JsonContent("""{ "Management": { "Tokens": null } }""");

        using var refused = await api.PatchAsync("api/v1/configuration", patch);
        using var stranger = await gateway.Api.GetAsync("api/v1/status");
        using var again = JsonContent("""{ "Management": { "Tokens": null } }""");
        using var meant = await api.PatchAsync("api/v1/configuration?removeLogins=true", again);

        Assert.Equal(
            (HttpStatusCode.Conflict, HttpStatusCode.Unauthorized, HttpStatusCode.OK),
            (refused.StatusCode, stranger.StatusCode, meant.StatusCode));
        Assert.Contains("removeLogins=true", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replace_CallerGoesAwayInTheMiddle_IsCarriedThrough()
    {
        var first = new ConfigurationLoader().Load("{}"u8.ToArray(), "first").Configuration!;
        var next = new ConfigurationLoader().Load("{}"u8.ToArray(), "next").Configuration!;
        using var caller = new CancellationTokenSource();
        using var inForce = new ConfigurationInForce(
            async (_, cancellation) =>
            {
                await caller.CancelAsync();
                cancellation.ThrowIfCancellationRequested();
                return [];
            },
            first);

        Assert.Empty(await inForce.ReplaceAsync(next, caller.Token));

        Assert.Same(next, inForce.Current);
    }

    [Fact]
    public async Task Change_ClientGoesAwayWhileNamesAreLookedUp_IsKeptAndTold()
    {
        using var silent = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        await using var gateway = await ManagedGateway.StartAsync($"{{ {Cluster} }}");
        using var impatient = new CancellationTokenSource();
        using var patch = JsonContent($$"""
            { "Names": { "Servers": [ "{{silent.Client.LocalEndPoint}}" ] },
              "ReverseProxy": { "Clusters": { "web": { "Destinations": { "b": { "Address": "tcp://silent.example:9" } } } } } }
            """);
        var change = gateway.Api.PatchAsync("api/v1/configuration", patch, impatient.Token);
        await silent.ReceiveAsync().WaitAsync(TimeSpan.FromSeconds(30));

        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => change);
        await Eventually.TrueAsync(
            async () => (await gateway.GetAsync("configuration/versions")).AsArray().Count == 1, "the change is a version");
        Assert.NotNull((await gateway.GetAsync("configuration"))["configuration"]!["Names"]);
        await Eventually.TrueAsync(
            () => gateway.Events.After(0).Any(e => e.Text.Contains("patched the configuration", StringComparison.Ordinal)), "it is in the history");
    }

    [Fact]
    public async Task Rollback_Refused_WaitsAndIsTriedUntilItCan()
    {
        var (before, after) = (TcpDestination.Unused(), TcpDestination.Unused());
        await using var gateway = await ManagedGateway.StartAsync(
            $$"""{ {{Cluster}}, "VirtualServers": { "v": { "Listen": "{{before}}", "ClusterId": "web" } } }""");
        var (status, _) = await gateway.SendAsync(
            HttpMethod.Patch, "configuration?confirm=01:00:00", $$"""{ "VirtualServers": { "v": { "Listen": "{{after}}" } } }""");
        Assert.Equal(HttpStatusCode.OK, status);
        using (var other = new TcpListener(before))
        {
            await Eventually.TrueAsync(() => TryStart(other), "the old port is free for another");

            var (refused, problem) = await gateway.PostAsync("configuration/rollback");

            Assert.Equal(HttpStatusCode.Conflict, refused);
            Assert.NotEmpty(problem!["errors"]!.AsArray());
            var pending = (await gateway.GetAsync("status"))["configuration"]!["pending"]!;
            Assert.Equal("rollback_failed", (string)pending["status"]!);
            Assert.NotEmpty(pending["refusals"]!.AsArray());
            Assert.DoesNotContain(gateway.Events.After(0), e => e.Text.StartsWith("change rolled back", StringComparison.Ordinal));
        }

        await Eventually.TrueAsync(
            async () => (await gateway.GetAsync("status"))["configuration"]!["pending"] is null, "it is rolled back once it can be");
        Assert.Equal(before, gateway.Gateway.VirtualServer("v"));
        Assert.Contains(gateway.Events.After(0), e => e.Text.StartsWith("change rolled back", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Confirm_OverlayWrittenMeanwhile_WhatWasWrittenStays()
    {
        await using var gateway = await ManagedGateway.StartAsync($"{{ {Cluster} }}");
        var overlay = (string)(await gateway.GetAsync("configuration"))["overlay"]!;
        await gateway.SendAsync(HttpMethod.Patch, "configuration?confirm=01:00:00",
            """{ "ReverseProxy": { "Clusters": { "web": { "LoadBalancingPolicy": "wlc" } } } }""");

        Versions.Write(overlay, """{ "ReverseProxy": { "Clusters": { "web": { "LoadBalancingPolicy": "sed" } } } }"""u8.ToArray());
        var (status, _) = await gateway.PostAsync("configuration/confirm");

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("sed", await File.ReadAllTextAsync(overlay), StringComparison.Ordinal);
        await Eventually.TrueAsync(
            async () => (string?)(await gateway.GetAsync("configuration/clusters/web"))["LoadBalancingPolicy"] == "sed", "it is in force");
    }

    [Fact]
    public void Overlay_OfTwoFilesOfOneDirectory_AreTwo()
    {
        using var folder = new TemporaryFolder();
        var (edge, mail) = (Path.Combine(folder.Path, "edge.json"), Path.Combine(folder.Path, "mail.json"));
        File.WriteAllText(edge, $"{{ {Cluster} }}");
        File.WriteAllText(mail, $"{{ {Cluster} }}");
        Versions.Write(Overlay.FileFor(edge, null), """{ "ReverseProxy": { "Clusters": { "web": { "LoadBalancingPolicy": "sed" } } } }"""u8.ToArray());

        Assert.Equal("sed", new ConfigurationLoader().Load(edge).Configuration!.Clusters[0].Scheduler.Name);
        Assert.NotEqual("sed", new ConfigurationLoader().Load(mail).Configuration!.Clusters[0].Scheduler.Name);
    }

    [Fact]
    public void Versions_BelongToOneProcess_AndADamagedOneHidesNoOther()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "overlay.json");
        using (var versions = new Versions(file))
        {
            versions.Add([], "anna", "one", [], DateTimeOffset.UnixEpoch);
            versions.Add([], "anna", "two", [], DateTimeOffset.UnixEpoch);
            using var other = new Versions(file);
            Assert.NotNull(other.WhyNotWritable());
            Assert.Throws<IOException>(() => other.Add([], "eve", "three", [], DateTimeOffset.UnixEpoch));
        }

        File.WriteAllText(Path.Combine(folder.Path, "versions", "000001.json"), "{ half");
        File.Delete(file);
        Directory.CreateDirectory(file);
        using var later = new Versions(file);

        Assert.ThrowsAny<Exception>(() => later.Add([], "anna", "three", [], DateTimeOffset.UnixEpoch));
        Assert.Equal([(2, "two"), (1, "(its file cannot be read)")], later.All().Select(v => (v.Number, v.Comment)));
        Assert.Null(later.Find(1));
    }

    [Fact]
    public async Task BadInput_IsToldWithItsRule_AndChangesNothing()
    {
        await using var gateway = await ManagedGateway.StartAsync($"{{ {Cluster} }}");
        const string Change = """{ "ReverseProxy": { "Clusters": { "web": { "LoadBalancingPolicy": "wlc" } } } }""";
        (HttpMethod Method, string Path, string Body)[] wrong =
        [
            (HttpMethod.Patch, "configuration", """{ "Names": {}, "names": {} }"""),
            (HttpMethod.Patch, "configuration", """{ "Names": {}, "Names": {} }"""),
            (HttpMethod.Patch, "configuration", """{ "ReverseProxy": { "Clusters": { "web": { "LoadBalancingPolicy": "\ud800" } } } }"""),
            (HttpMethod.Put, "configuration/clusters/web", """{ "LoadBalancingPolicy": "rr", "LoadBalancingPolicy": "wlc" }"""),
            (HttpMethod.Patch, "configuration", ""),
            (HttpMethod.Patch, "configuration", "[]"),
            (HttpMethod.Patch, "configuration?confirm=00:01:00&maxErrorRate=NaN", Change),
            (HttpMethod.Post, "clusters/web/destinations/a/drain", """{ "stickyFor": "10675199.00:00:00" }"""),
            (HttpMethod.Post, "clusters/web/destinations/a/drain", """{ "stickyFor": "-00:00:01" }"""),
            (HttpMethod.Post, "clusters/web/destinations/a/drain", """{ "why": "a", "why": "b" }"""),
            (HttpMethod.Post, "drains", """{ "cluster": "web", "stickyFor": "10675199.00:00:00" }"""),
            (HttpMethod.Get, "clusters/web/explain?host=%00", ""),
        ];
        var revision = (string)(await gateway.GetAsync("status"))["configuration"]!["revision"]!;

        foreach (var (method, path, body) in wrong)
        {
            var (status, problem) = await gateway.SendAsync(method, path, body);

            Assert.True(status == HttpStatusCode.BadRequest, $"{method} {path} {body}: {status}");
            Assert.NotEmpty((string)problem!["title"]!);
        }

        var after = (await gateway.GetAsync("status"))["configuration"]!;
        Assert.Equal((revision, null), ((string)after["revision"]!, after["pending"]));
    }

    [Fact]
    public void Hidden_IsNoValue()
    {
        var errors = new ConfigurationLoader().Load("""
            { "Management": { "Users": { "anna": { "Password": "(secret)" } }, "Certificate": { "Path": "x.pem", "Password": "(secret)" } } }
            """u8.ToArray(), "saved").Errors;

        Assert.Equal(["Management:Users:anna:Password", "Management:Certificate:Password"],
            errors.Where(e => e.Rule.Contains("was not shown", StringComparison.Ordinal)).Select(e => e.Key));
    }

    [Fact]
    public async Task Stream_EndsWithItsLogin()
    {
        var (admin, viewer) = (Logins.NewToken("admin"), Logins.NewToken("viewer"));
        await using var gateway = await ManagedGateway.StartAsync($"{{ {Cluster} }}", $$"""
            "Tokens": { "admin": { "Secret": "{{Logins.Hash("admin", admin)}}", "Role": "admin" }, "viewer": { "Secret": "{{Logins.Hash("viewer", viewer)}}" } }
            """);
        using var watching = gateway.Client(viewer);
        using var changing = gateway.Client(admin);
        using var stream = await watching.GetAsync("api/v1/stream", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        using var patch = JsonContent("""{ "Management": { "Tokens": { "viewer": null } } }""");

        using var removed = await changing.PatchAsync("api/v1/configuration", patch);

        Assert.Equal(HttpStatusCode.OK, removed.StatusCode);
        Assert.Contains("event: revision", await stream.Content.ReadAsStringAsync().WaitAsync(TimeSpan.FromSeconds(30)), StringComparison.Ordinal);
    }

    private static bool TryStart(TcpListener listener)
    {
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static StringContent JsonContent(string json) => new(json, System.Text.Encoding.UTF8, "application/json");
}
