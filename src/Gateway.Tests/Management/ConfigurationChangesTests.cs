using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Configuration;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Management;

/// <summary>Changes of the configuration by the API: tried, kept, confirmed, rolled back, restored.</summary>
[Collection("SIGHUP")] // It reaches every Gateway of the process.
public sealed class ConfigurationChangesTests : IAsyncLifetime
{
    private const string Destinations = "configuration/clusters/web/destinations/";

    private HttpDestination _a = null!;
    private HttpDestination _b = null!;
    private ManagedGateway _gateway = null!;

    private string Configuration => $$"""
        {
          // A comment that stays in the file.
          "ReverseProxy": {
            "Routes": { "all": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
            "Clusters": { "web": { "LoadBalancingPolicy": "wrr", "Destinations": { "a": { "Address": "{{_a.Address}}" } } } }
          }
        }
        """;

    private string Overlay => Path.Combine(Path.GetDirectoryName(_gateway.Gateway.ConfigurationFile)!, "management", "appsettings.json", "overlay.json");

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
    public async Task DryRun_TellsDifferencesAndShares_AndChangesNothing()
    {
        var (status, would) = await PutAsync($"{Destinations}b?dryRun=true", _b.Address, weight: 3);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True((bool)would!["dryRun"]!);
        Assert.Equal(
            ["ReverseProxy:Clusters:web:Destinations:b:Address", "ReverseProxy:Clusters:web:Destinations:b:Weight"],
            would["differences"]!.AsArray().Select(d => (string)d!["key"]!));
        Assert.Equal([(1.0, 0.25), (0.0, 0.75)], would["shares"]!.AsArray().Select(s => ((double)s!["before"]!, (double)s["after"]!)));
        Assert.Equal(1, (int)(await _gateway.GetAsync("clusters/web"))["total"]!);
        Assert.False(File.Exists(Overlay));
    }

    [Fact]
    public async Task Change_IsKeptInTheOverlay_AndTheFileIsNotTouched()
    {
        var file = await File.ReadAllTextAsync(_gateway.Gateway.ConfigurationFile);

        var (status, done) = await PutAsync($"{Destinations}b?comment=more", _b.Address, weight: 1);

        Assert.Equal((HttpStatusCode.OK, 1), (status, (int)done!["version"]!));
        Assert.Equal(["a", "b"], new[] { await AskAsync(), await AskAsync() }.Order());
        Assert.Equal(file, await File.ReadAllTextAsync(_gateway.Gateway.ConfigurationFile));
        Assert.Equal("""{"ReverseProxy":{"Clusters":{"web":{"Destinations":{"b":{"Address":"@","Weight":1}}}}}}""".Replace("@", _b.Address, StringComparison.Ordinal),
            JsonNode.Parse(await File.ReadAllTextAsync(Overlay))!.ToJsonString());
        var loaded = new ConfigurationLoader().Load(_gateway.Gateway.ConfigurationFile).Configuration!;
        Assert.Equal((string)done["revision"]!, loaded.Revision);
        Assert.Equal(2, loaded.Clusters[0].Destinations.Count);
        var origins = (await _gateway.GetAsync("configuration?origins=true"))["origins"]!.AsArray();
        Assert.Contains(origins, o => (string)o!["key"]! == "ReverseProxy:Clusters:web:Destinations:b:Weight"
            && ((string)o["origin"]!).Contains("overlay.json:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Remove_ThenAddAgainAsTheFileHasIt_LeavesNothingInTheOverlay()
    {
        await PutAsync($"{Destinations}b", _b.Address, weight: 1);
        var before = await _gateway.GetAsync("configuration/clusters/web/destinations/a");
        var (removed, why) = await _gateway.SendAsync(HttpMethod.Delete, $"{Destinations}a");
        Assert.True(removed == HttpStatusCode.OK, $"{why}");
        Assert.Equal("b", await AskAsync());

        await _gateway.SendAsync(HttpMethod.Put, $"{Destinations}a", before.ToJsonString());
        await _gateway.SendAsync(HttpMethod.Delete, $"{Destinations}b");

        Assert.Equal("{}", await File.ReadAllTextAsync(Overlay));
    }

    [Fact]
    public async Task Wrong_IsRefusedWithAllErrors_AndNothingChanges()
    {
        var (status, problem) = await _gateway.SendAsync(HttpMethod.Patch, "configuration",
            """{ "ReverseProxy": { "Clusters": { "web": { "LoadBalancingPolicy": "best", "Destinations": { "a": { "Weight": -1 } } } } } }""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        var errors = problem!["errors"]!.AsArray();
        Assert.Equal(2, errors.Count);
        Assert.All(errors, e => Assert.NotEmpty((string)e!["remedy"]!));
        Assert.False(File.Exists(Overlay));
        Assert.Equal("a", await AskAsync());
    }

    [Fact]
    public async Task IfMatch_OfAnotherRevision_IsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"api/v1/{Destinations}a");
        request.Headers.TryAddWithoutValidation("If-Match", "\"0123456789ab\"");

        using var response = await _gateway.Api.SendAsync(request);

        Assert.Equal(HttpStatusCode.PreconditionFailed, response.StatusCode);
    }

    [Fact]
    public async Task CommitConfirm_Confirmed_IsKept()
    {
        var (_, waiting) = await PutAsync($"{Destinations}b?confirm=00:05:00", _b.Address, weight: 1);
        Assert.NotNull(waiting!["pending"]);
        Assert.False(File.Exists(Overlay));
        var (busy, _) = await _gateway.SendAsync(HttpMethod.Delete, $"{Destinations}b");
        Assert.Equal(HttpStatusCode.Conflict, busy);

        var (status, kept) = await _gateway.PostAsync("configuration/confirm");

        Assert.Equal((HttpStatusCode.OK, 1), (status, (int)kept!["version"]!));
        Assert.True(File.Exists(Overlay));
        Assert.Null((await _gateway.GetAsync("status"))["configuration"]!["pending"]);
    }

    [Fact]
    public async Task CommitConfirm_NotConfirmed_RollsBack()
    {
        await _gateway.SendAsync(HttpMethod.Patch, "configuration?confirm=00:00:01",
            $$"""{ "ReverseProxy": { "Clusters": { "web": { "Destinations": { "a": { "Address": "{{_b.Address}}" } } } } } }""");
        Assert.Equal("b", await AskAsync());

        await Eventually.TrueAsync(async () => await AskAsync() == "a", "the change is rolled back");

        await HappenedAsync("change rolled back: nobody confirmed it in time");
        Assert.Empty((await _gateway.GetAsync("configuration/versions")).AsArray());
        var (late, _) = await _gateway.PostAsync("configuration/confirm");
        Assert.Equal(HttpStatusCode.Conflict, late);
    }

    [Fact]
    public async Task Guard_TooManyErrors_RollsBackAtOnce_AndNoRequestFails()
    {
        // The new destination is tried first for three requests of four, refuses them all, and every one is served by the other.
        await PutAsync($"{Destinations}b?confirm=01:00:00&maxErrorRate=0.1", $"http://{TcpDestination.Unused()}", weight: 3);

        await Eventually.TrueAsync(
            async () => await AskAsync() == "a" && (await _gateway.GetAsync("status"))["configuration"]!["pending"] is null,
            "the guard has rolled the change back");

        await HappenedAsync("flows failed, more than 10%");
        Assert.Equal(1, (int)(await _gateway.GetAsync("clusters/web"))["total"]!);
    }

    [Fact]
    public async Task Guard_NobodyReady_RollsBack_AndADownloadAndAWebSocketGoOn()
    {
        var release = new TaskCompletionSource();
        await using var slow = await HttpDestination.StartAsync("slow", async context =>
        {
            if (context.WebSockets.IsWebSocketRequest)
            {
                await EchoAsync(context);
                return;
            }

            context.Response.ContentLength = 8;
            await context.Response.Body.WriteAsync("half"u8.ToArray());
            await context.Response.Body.FlushAsync();
            await release.Task;
            await context.Response.Body.WriteAsync("rest"u8.ToArray());
        });
        var (probed, _) = await _gateway.SendAsync(HttpMethod.Patch, "configuration",
            $$"""{ "ReverseProxy": { "Clusters": { "web": { "Probe": { "Kind": "tcp", "Fall": 1, "Interval": "00:00:00.5", "Timeout": "00:00:00.5", "InitiallyUp": true }, "Destinations": { "a": { "Address": "{{slow.Address}}" } } } } } }""");
        Assert.Equal(HttpStatusCode.OK, probed);
        await Eventually.TrueAsync(
            async () => (string)(await _gateway.GetAsync("clusters/web/destinations/a"))["words"]!["probe"]! == "up", "the destination is up");
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(_gateway.Gateway.Client.BaseAddress!) { Scheme = "ws" }.Uri, CancellationToken.None);
        Assert.Equal("before", await SayAsync(socket, "before"));
        using var download = await _gateway.Gateway.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);

        var (status, _) = await _gateway.SendAsync(HttpMethod.Patch, "configuration?confirm=01:00:00&minReady=1",
            $$"""{ "ReverseProxy": { "Clusters": { "web": { "Destinations": { "a": { "Address": "http://{{TcpDestination.Unused()}}" } } } } } }""");
        Assert.Equal(HttpStatusCode.OK, status);
        await Eventually.TrueAsync(
            async () => (string)(await _gateway.GetAsync("configuration/clusters/web/destinations/a"))["Address"]! == slow.Address,
            "the guard has rolled the change back");
        release.SetResult();

        Assert.Equal("halfrest", await download.Content.ReadAsStringAsync());
        Assert.Equal("after", await SayAsync(socket, "after"));
        await HappenedAsync("change rolled back: cluster web has 0 ready destinations, fewer than 1");
    }

    [Fact]
    public async Task Versions_AreListed_AndRestored()
    {
        await PutAsync($"{Destinations}b?comment=first", _b.Address, weight: 1);
        await _gateway.SendAsync(HttpMethod.Delete, $"{Destinations}a?comment=second");

        var versions = (await _gateway.GetAsync("configuration/versions")).AsArray();
        Assert.Equal([(2, "second"), (1, "first")], versions.Select(v => ((int)v!["number"]!, (string)v["comment"]!)));
        var (_, restored) = await _gateway.PostAsync("configuration/versions/1/restore");
        Assert.Equal(3, (int)restored!["version"]!);
        Assert.Equal(2, (int)(await _gateway.GetAsync("clusters/web"))["total"]!);
        await _gateway.PostAsync("configuration/versions/0/restore");
        Assert.Equal("{}", await File.ReadAllTextAsync(Overlay));
        var (missing, _) = await _gateway.PostAsync("configuration/versions/99/restore");
        Assert.Equal(HttpStatusCode.NotFound, missing);
    }

    [Fact]
    public async Task FileChanged_WhileAChangeWaits_TheFileWins()
    {
        await PutAsync($"{Destinations}b?confirm=01:00:00", _b.Address, weight: 1);

        await _gateway.ReloadAsync(Configuration.Replace("wrr", "rr", StringComparison.Ordinal));

        Assert.Null((await _gateway.GetAsync("status"))["configuration"]!["pending"]);
        Assert.Equal(1, (int)(await _gateway.GetAsync("clusters/web"))["total"]!);
        await HappenedAsync("gave way to a change of the file");
    }

    [Fact]
    public async Task OverlayEditedByHand_IsApplied()
    {
        await PutAsync($"{Destinations}b", _b.Address, weight: 1);

        await File.WriteAllTextAsync(Overlay, "{}");

        await Eventually.TrueAsync(async () => (int)(await _gateway.GetAsync("clusters/web"))["total"]! == 1, "the overlay is applied");
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[100];
        while (!context.RequestAborted.IsCancellationRequested
            && await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: WebSocketMessageType.Text } message)
        {
            await socket.SendAsync(buffer.AsMemory(0, message.Count), WebSocketMessageType.Text, true, context.RequestAborted);
        }
    }

    private static async Task<string> SayAsync(ClientWebSocket socket, string text)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, deadline.Token);
        var buffer = new byte[100];
        var answer = await socket.ReceiveAsync(buffer, deadline.Token);
        return Encoding.UTF8.GetString(buffer, 0, answer.Count);
    }

    private Task HappenedAsync(string text) => Eventually.TrueAsync(
        () => _gateway.Events.After(0).Any(e => e.Text.Contains(text, StringComparison.Ordinal)),
        $"{text}, after {string.Join("; ", _gateway.Events.After(0).Select(e => e.Text))}");

    private Task<(HttpStatusCode Status, JsonNode? Answer)> PutAsync(string path, string address, int weight) =>
        _gateway.SendAsync(HttpMethod.Put, path, $$"""{ "Address": "{{address}}", "Weight": {{weight}} }""");

    private Task<string> AskAsync() => _gateway.Gateway.Client.GetStringAsync("/");
}
