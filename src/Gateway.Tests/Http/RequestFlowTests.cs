using Gateway.Tests.Support;

namespace Gateway.Tests.Http;

/// <summary>What of a request reaches the scheduler and persistence.</summary>
public class RequestFlowTests
{
    [Fact]
    public async Task Persistence_ByCookie_KeepsEachSessionWhereItBegan()
    {
        await using var a = await HttpDestination.StartAsync("a");
        await using var b = await HttpDestination.StartAsync("b");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr",
            [Json.Destination("a", a.Address), Json.Destination("b", b.Address)],
            "\"Persistence\": { \"Key\": \"cookie:session\", \"Timeout\": \"00:05:00\" },"));

        var homes = new Dictionary<string, string>();
        for (var i = 0; i < 30; i++)
        {
            var session = $"s{i % 10}";
            var answer = await AskAsync(gateway, "/", ("Cookie", $"session={session}"));

            Assert.Equal(homes.GetValueOrDefault(session, answer), answer);
            homes[session] = answer;
        }

        Assert.Equal(2, homes.Values.Distinct().Count());
    }

    [Fact]
    public async Task DestinationHashing_WithoutKey_GoesByHostAndPathNotByQuery()
    {
        await using var a = await HttpDestination.StartAsync("a");
        await using var b = await HttpDestination.StartAsync("b");
        await using var gateway = await RunningGateway.StartAsync(
            Json.Proxy("dh", [Json.Destination("a", a.Address), Json.Destination("b", b.Address)]));

        var homes = new List<string>();
        for (var page = 0; page < 20; page++)
        {
            var home = await AskAsync(gateway, $"/page/{page}");
            Assert.Equal(home, await AskAsync(gateway, $"/page/{page}?again=1"));
            homes.Add(home);
        }

        Assert.Equal(2, homes.Distinct().Count());
    }

    [Fact]
    public async Task Maglev_KeyFromHeader_GoesByIt()
    {
        await using var a = await HttpDestination.StartAsync("a");
        await using var b = await HttpDestination.StartAsync("b");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("mh",
            [Json.Destination("a", a.Address), Json.Destination("b", b.Address)], "\"Scheduler\": { \"Key\": \"header:X-User\" },"));

        var homes = new List<string>();
        for (var user = 0; user < 20; user++)
        {
            var home = await AskAsync(gateway, "/first", ("X-User", $"user{user}"));
            Assert.Equal(home, await AskAsync(gateway, "/second", ("X-User", $"user{user}")));
            homes.Add(home);
        }

        Assert.Equal(2, homes.Distinct().Count());
    }

    private static async Task<string> AskAsync(RunningGateway gateway, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var answer = await gateway.Client.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }
}
