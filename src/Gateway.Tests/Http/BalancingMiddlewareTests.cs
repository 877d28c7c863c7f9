using System.Net;
using Gateway.Clusters;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Http;

public class BalancingMiddlewareTests
{
    [Fact]
    public async Task Forward_WeightedRoundRobin_SharesExactly()
    {
        await using var a = await HttpDestination.StartAsync("a");
        await using var b = await HttpDestination.StartAsync("b");
        await using var c = await HttpDestination.StartAsync("c");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("wrr",
            [Json.Destination("a", a.Address, 3), Json.Destination("b", b.Address, 2), Json.Destination("c", c.Address)]));

        await Parallel.ForEachAsync(Enumerable.Range(0, 6000), async (_, cancellation) =>
            Assert.Single(await gateway.Client.GetStringAsync("/", cancellation)));

        Assert.Equal((3000, 2000, 1000), (a.Requests, b.Requests, c.Requests));
        Assert.Equal(3000, gateway.State("web", "a").Flows);
        Assert.Equal(0, gateway.State("web", "a").Active);
    }

    [Fact]
    public async Task Forward_DestinationRefuses_TriesTheNextAndCounts()
    {
        var dead = FreePort.On(IPAddress.Loopback);
        await using var b = await HttpDestination.StartAsync("b");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("a", $"http://127.0.0.1:{dead}"), Json.Destination("b", b.Address)]));

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("b", await gateway.Client.GetStringAsync("/"));
        }

        Assert.Equal(gateway.State("web", "a").Flows, gateway.State("web", "a").Retries);
        Assert.True(gateway.State("web", "a").Flows > 0);
        Assert.Equal(0, gateway.State("web", "a").Active);
    }

    [Fact]
    public async Task Forward_EveryDestinationRefuses_Answers502()
    {
        var dead = FreePort.On(IPAddress.Loopback);
        await using var gateway = await RunningGateway.StartAsync(
            Json.Proxy("rr", [Json.Destination("a", $"http://127.0.0.1:{dead}")]));

        using var answer = await gateway.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
    }

    [Fact]
    public async Task Forward_OnlyWeightZero_Answers503WithoutAsking()
    {
        await using var a = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", [Json.Destination("a", a.Address, 0)]));

        using var answer = await gateway.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(0, a.Requests);
    }

    [Fact]
    public async Task Forward_Full_GoesToTheBackupAndThenRefuses()
    {
        var release = new TaskCompletionSource();
        RequestDelegate hold = async context =>
        {
            await context.Response.WriteAsync("held");
            await release.Task.WaitAsync(context.RequestAborted);
        };
        await using var a = await HttpDestination.StartAsync("a", hold);
        await using var sorry = await HttpDestination.StartAsync("sorry", hold);
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr",
            [
                Json.Destination("a", a.Address, more: "\"MaxConnections\": 1,"),
                Json.Destination("sorry", sorry.Address, more: "\"Backup\": true, \"MaxConnections\": 1,"),
            ]));

        using var first = await gateway.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        using var second = await gateway.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        using var third = await gateway.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        release.SetResult();

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
        Assert.Equal((1, 1), (a.Requests, sorry.Requests));
    }

    [Fact]
    public async Task Forward_DualStackListener_ForwardsThePlainIPv4Address()
    {
        await using var a = await HttpDestination.StartAsync("a");
        var json = Json.Proxy("rr", [Json.Destination("a", a.Address)]);
        await using var gateway = await RunningGateway.StartAsync(json.Insert(json.IndexOf('{') + 1,
            """ "Kestrel": { "Endpoints": { "Http": { "Url": "http://*:0" } } }, """));

        await gateway.Client.GetStringAsync("/");

        Assert.Equal("127.0.0.1", Assert.Single(a.ForwardedFor));
    }

    [Fact]
    public async Task Forward_RouteTimeoutPasses_Answers504()
    {
        await using var a = await HttpDestination.StartAsync(
            "a", context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("a", a.Address)], routeMore: "\"Timeout\": \"00:00:00.2\","));

        using var answer = await gateway.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Equal(1, gateway.State("web", "a").Failures(FailureReason.ResponseTimeout));
        Assert.Equal(0, gateway.State("web", "a").Failures(FailureReason.ClientAborted));
    }

    // Neither is there before the first request that needs it: the keys that cookies are encrypted with, and who answers for CORS.
    [Theory]
    [InlineData("Default")]
    [InlineData("Disable")]
    public async Task Forward_RouteNamesACorsPolicy_IsServed(string policy)
    {
        await using var a = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("a", a.Address)], routeMore: $"\"CorsPolicy\": \"{policy}\","));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("Origin", "http://elsewhere.example");

        using var answer = await gateway.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("HashCookie")]
    [InlineData("Cookie")]
    public async Task Forward_SessionAffinity_ReturnsUntilTheDestinationIsGone(string policy)
    {
        await using var a = await HttpDestination.StartAsync("a");
        await using var b = await HttpDestination.StartAsync("b");
        var affinity = $"\"SessionAffinity\": {{ \"Enabled\": true, \"Policy\": \"{policy}\", \"AffinityKeyName\": \"sticky\" }},";
        string[] both = [Json.Destination("a", a.Address), Json.Destination("b", b.Address)];
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", both, affinity));

        using var first = await gateway.Client.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        var cookie = first.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        var home = await first.Content.ReadAsStringAsync();
        var visits = await AskAsync(gateway.Client, cookie, 10);
        await gateway.ReloadAsync(Json.Proxy("rr", [home == "a" ? both[1] : both[0]], affinity));
        var elsewhere = await AskAsync(gateway.Client, cookie, 1);

        Assert.All(visits, answer => Assert.Equal(home, answer));
        Assert.NotEqual(home, elsewhere[0]);
    }

    private static async Task<List<string>> AskAsync(HttpClient client, string cookie, int times)
    {
        var answers = new List<string>();
        for (var i = 0; i < times; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/");
            request.Headers.Add("Cookie", cookie);
            using var answer = await client.SendAsync(request);
            answers.Add(await answer.Content.ReadAsStringAsync());
        }

        return answers;
    }

    [Fact]
    public async Task PassiveCheckOfYarp_DestinationFailsAllTheTime_IsEjectedForEverybody()
    {
        await using var broken = new ScriptedServer("read", "reset");
        await using var b = await HttpDestination.StartAsync("b");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("a", $"http://{broken.EndPoint}"), Json.Destination("b", b.Address)],
            """ "HealthCheck": { "Passive": { "Enabled": true, "ReactivationPeriod": "01:00:00" } }, """));

        for (var i = 0; i < 30; i++)
        {
            using var answer = await gateway.Client.PostAsync("/", new StringContent("once"));
        }

        var a = gateway.Store.Current.FindCluster("web")!.Find("a")!;
        Assert.Equal((Availability.Out, StandingWord.Passive), (a.Judgement.Availability, a.Judgement.DecidedBy));
        var before = a.State.Flows;
        Assert.Equal("b", await gateway.Client.GetStringAsync("/"));
        Assert.Equal("b", await gateway.Client.GetStringAsync("/"));
        Assert.Equal(before, a.State.Flows);
    }
}
