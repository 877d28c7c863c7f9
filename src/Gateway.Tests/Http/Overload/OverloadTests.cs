using System.Net;
using Gateway.Clusters;
using Gateway.Queueing;
using Gateway.Scheduling;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Http.Overload;

/// <summary>What clients of the whole program see when destinations are full, failing or gone.</summary>
public class OverloadTests
{
    [Fact]
    public async Task Queue_AllPlacesTaken_WaitsForOneAndRefusesBeyondItsLength()
    {
        var release = new TaskCompletionSource();
        await using var a = await HttpDestination.StartAsync("a", async context =>
        {
            await release.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync("a");
        });
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("a", a.Address, more: "\"MaxConnections\": 1,")],
            """ "Queue": { "Length": 2, "Timeout": "00:01:00" }, "Sorry": { "Body": "<p>busy</p>" }, """));

        var served = gateway.Client.GetAsync("/");
        await Eventually.TrueAsync(() => a.Requests == 1, "the first is at the destination");
        var waiting = Enumerable.Range(0, 2).Select(_ => gateway.Client.GetStringAsync("/")).ToList();
        await Eventually.TrueAsync(() => gateway.Services.GetRequiredService<ClusterQueues>().Find("web")?.Count == 2, "the queue is full");
        using var refused = await gateway.Client.GetAsync("/");
        release.SetResult();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.True(refused.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        Assert.Equal("<p>busy</p>", await refused.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, (await served).StatusCode);
        Assert.Equal(["a", "a"], await Task.WhenAll(waiting));
    }

    [Fact]
    public async Task Queue_TooLate_Answers503WithRetryAfter()
    {
        await using var a = await HttpDestination.StartAsync("a", context => Task.Delay(Timeout.Infinite, context.RequestAborted)
            .ContinueWith(_ => { }, TaskScheduler.Default));
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("a", a.Address, more: "\"MaxConnections\": 1,")],
            """ "Queue": { "Timeout": "00:00:00.2" }, """));
        using var hurry = new CancellationTokenSource();
        var held = gateway.Client.GetAsync("/", hurry.Token);
        await Eventually.TrueAsync(() => a.Requests == 1, "the first is at the destination");

        using var late = await gateway.Client.GetAsync("/");
        await hurry.CancelAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, late.StatusCode);
        Assert.NotNull(late.Headers.RetryAfter);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
    }

    [Theory]
    [InlineData("""{ "Status": 200, "Body": "back soon", "ContentType": "text/plain" }""", HttpStatusCode.OK, "back soon", null)]
    [InlineData("""{ "RedirectTo": "https://status.example/" }""", HttpStatusCode.Found, "", "https://status.example/")]
    [InlineData("{ }", HttpStatusCode.ServiceUnavailable, "", null)]
    public async Task Sorry_NobodyInService_IsTheAnswer(string sorry, HttpStatusCode status, string body, string? location)
    {
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("a", "http://192.0.2.1:80", 0)], $""" "Sorry": {sorry}, """));

        using var answer = await gateway.Client.GetAsync("/");

        Assert.Equal((status, body, location),
            (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.Location?.ToString()));
        Assert.Null(answer.Headers.RetryAfter);
    }

    [Fact]
    public async Task MinReady_TooFewInService_BackupsServeAsWell()
    {
        await using var a = await HttpDestination.StartAsync("a");
        await using var b = await HttpDestination.StartAsync("b");
        await using var c = await HttpDestination.StartAsync("c");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr",
            [Json.Destination("a", a.Address), Json.Destination("b", b.Address), Json.Destination("c", c.Address, more: "\"Backup\": true,")],
            "\"MinReady\": 2,"));
        var before = await AskAsync(gateway, 6);

        gateway.Store.SetAdmin("web", "b", new AdminWord(AdminOrder.Maintenance, "anna", "", TimeProvider.System.GetUtcNow()));

        Assert.DoesNotContain("c", before, StringComparison.Ordinal);
        Assert.Equal(3, (await AskAsync(gateway, 6)).Count(answer => answer == 'c'));
    }

    [Theory]
    [InlineData("GET", "OK", 503)]
    [InlineData("PUT", "OK", 503)]
    [InlineData("POST", "ServiceUnavailable", 503)]
    [InlineData("GET", "NotFound", 404)]
    public async Task Retry_OnStatus_GoesElsewhereWhereThatIsSafe(string method, string expected, int status)
    {
        await using var a = await HttpDestination.StartAsync("a", context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("from a");
        });
        await using var b = await HttpDestination.StartAsync("b");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "FirstAlphabetical", [Json.Destination("a", a.Address), Json.Destination("b", b.Address)],
            """ "Retry": { "OnStatus": [ 502, 503 ], "OnReset": "Idempotent" }, """));

        using var request = new HttpRequestMessage(new HttpMethod(method), "/");
        using var answer = await gateway.Client.SendAsync(request);

        Assert.Equal(expected, answer.StatusCode.ToString());
        Assert.Equal(expected == "OK" ? "b" : "from a", await answer.Content.ReadAsStringAsync());
        Assert.Equal(expected == "OK" ? 1 : 0, gateway.State("web", "a").Failures(FailureReason.BadStatus));
        await Eventually.TrueAsync(() => gateway.State("web", "b").Active == 0, "nothing stays reserved");
    }

    [Fact]
    public async Task Retry_OnStatusEverywhere_PassesTheLastAnswerOnAndKeepsToTheBudget()
    {
        RequestDelegate busy = context =>
        {
            context.Response.StatusCode = 503;
            return context.Response.WriteAsync("busy");
        };
        await using var a = await HttpDestination.StartAsync("a", busy);
        await using var b = await HttpDestination.StartAsync("b", busy);
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("a", a.Address), Json.Destination("b", b.Address)], """ "Retry": { "OnStatus": [ 503 ] }, """));

        for (var i = 0; i < 200; i++)
        {
            using var answer = await gateway.Client.GetAsync("/");
            Assert.Equal("busy", await answer.Content.ReadAsStringAsync());
        }

        // Ten are free, then a tenth of the requests.
        Assert.InRange(a.Requests + b.Requests - 200, 10, 10 + 20);
    }

    // One of two breaks off every request: without a budget for second tries only its own half fails.
    [Fact]
    public async Task Retry_BudgetIsSpent_TheTurnsOfTheOtherDestinationAreNotTakenInVain()
    {
        await using var a = await HttpDestination.StartAsync("a", context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        await using var b = await HttpDestination.StartAsync("b");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("a", a.Address), Json.Destination("b", b.Address)]));
        var failed = 0;

        for (var i = 0; i < 80; i++)
        {
            using var answer = await gateway.Client.GetAsync("/");
            failed += answer.StatusCode == HttpStatusCode.OK ? 0 : 1;
        }

        Assert.InRange(failed, 10, 40);
        Assert.Equal(80 - failed, b.Requests);
    }

    [Fact]
    public async Task Passive_AnswersOfABadStatus_EjectTheDestinationThatGivesThem()
    {
        await using var a = await HttpDestination.StartAsync("a", context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var b = await HttpDestination.StartAsync("b");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "rr", [Json.Destination("a", a.Address), Json.Destination("b", b.Address)],
            """ "PassiveCheck": { "Failures": 3, "Statuses": [ 500 ], "Ejection": "00:05:00" }, """));
        var schedulers = gateway.Services.GetRequiredService<ClusterSchedulers>();

        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await gateway.Client.GetAsync("/");
                return !schedulers.Find("web")!.Cluster.Find("a")!.IsUp;
            },
            "a is ejected");

        Assert.Equal("bbbb", await AskAsync(gateway, 4));
    }

    [Fact]
    public async Task ConnectTimeout_OfTheCluster_IsHowLongADeadDestinationCosts()
    {
        await using var b = await HttpDestination.StartAsync("b");
        using var silent = new SilentDestination();
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy(
            "FirstAlphabetical", [Json.Destination("a", $"http://{silent.EndPoint}"), Json.Destination("b", b.Address)],
            """ "ConnectTimeout": "00:00:00.05", "IdleTimeout": "00:00:01", """));

        Assert.Equal("b", await gateway.Client.GetStringAsync("/"));

        Assert.Equal(1, gateway.State("web", "a").Failures(FailureReason.ConnectTimeout));
    }

    private static async Task<string> AskAsync(RunningGateway gateway, int times)
    {
        var answers = "";
        for (var i = 0; i < times; i++)
        {
            answers += await gateway.Client.GetStringAsync("/");
        }

        return answers;
    }
}
