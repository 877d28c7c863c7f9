using System.Net;
using System.Text.Json.Nodes;
using Gateway.Clusters;
using Gateway.Management.Access;
using Gateway.Management.Changes;
using Gateway.Management.History;
using Gateway.Tests.Support;

namespace Gateway.Tests.Management;

/// <summary>The parts of management that are rules without I/O.</summary>
public class ManagementRulesTests
{
    [Theory]
    [InlineData("""{"a":1}""", """{"A":2}""", """{"a":2}""")]
    [InlineData("""{"a":{"b":1,"c":2}}""", """{"a":{"b":null}}""", """{"a":{"c":2}}""")]
    [InlineData("""{"a":[1,2]}""", """{"a":[3]}""", """{"a":[3]}""")]
    [InlineData("""{"a":1}""", """{"a":{"b":{}}}""", """{"a":{"b":{}}}""")]
    public void MergePatch_AppliesAndIsFoundAgain(string before, string patch, string after)
    {
        var changed = Parse(before);
        MergePatch.Apply(changed, Parse(patch));
        Assert.Equal(after, changed.ToJsonString(), ignoreCase: true);

        var again = Parse(before);
        MergePatch.Apply(again, MergePatch.Between(Parse(before), changed));
        Assert.Equal(changed.ToJsonString(), again.ToJsonString());
    }

    [Fact]
    public void Guard_DestinationsExchanged_CountsTheNewOnesFlows()
    {
        var (a, b, back) = (new DestinationState("web", "a"), new DestinationState("web", "b"), new DestinationState("web", "back"));
        static GuardWatch.Reading Of(params (DestinationState State, GuardWatch.Count Count)[] counts) =>
            new(new Dictionary<string, int>(), counts.ToDictionary(pair => pair.State, pair => pair.Count));
        var atChange = Of((a, new(300, 0))).WithNewOf(Of((b, new(0, 0)), (back, new(500, 400))));

        Assert.Equal("100 of 100 flows failed, more than 5%",
            GuardWatch.WhyBroken(new Guard(MaxErrorRate: 0.05), atChange, Of((b, new(100, 100)), (back, new(500, 400)))));
        Assert.Null(GuardWatch.WhyBroken(new Guard(MaxErrorRate: 0.05), atChange, Of((b, new(100, 0)), (back, new(500, 400)))));
    }

    [Fact]
    public void Guard_BreaksOnFewerReady_AndOnTooManyErrors()
    {
        var state = new DestinationState("web", "a");
        var before = new GuardWatch.Reading(
            new Dictionary<string, int> { ["web"] = 2, ["spare"] = 0 },
            new Dictionary<DestinationState, GuardWatch.Count> { [state] = new(Flows: 100, Failures: 5) });
        GuardWatch.Reading After(int ready, long flows, long failures) =>
            new(new Dictionary<string, int> { ["web"] = ready, ["spare"] = 0 },
                new Dictionary<DestinationState, GuardWatch.Count> { [state] = new(100 + flows, 5 + failures) });

        Assert.Null(GuardWatch.WhyBroken(new Guard(MinReady: 1), before, After(1, 1000, 1000)));
        Assert.Equal("cluster web has 0 ready destinations, fewer than 1", GuardWatch.WhyBroken(new Guard(MinReady: 1), before, After(0, 0, 0)));
        Assert.Null(GuardWatch.WhyBroken(new Guard(MaxErrorRate: 0.1), before, After(2, 9, 9)));
        Assert.Null(GuardWatch.WhyBroken(new Guard(MaxErrorRate: 0.1), before, After(2, 10, 1)));
        Assert.Equal("2 of 10 flows failed, more than 10%", GuardWatch.WhyBroken(new Guard(MaxErrorRate: 0.1), before, After(2, 10, 2)));
    }

    [Fact]
    public void LoginLimiter_DoublesTheWait_ByAddressAndByName()
    {
        var time = new FakeTime();
        using var limiter = new LoginLimiter(time);
        var address = IPAddress.Parse("2001:db8::1");
        for (var i = 0; i < LoginLimiter.Free; i++)
        {
            Assert.Equal(TimeSpan.Zero, limiter.Wait(address, "anna"));
            limiter.Failed(address, "anna");
        }

        Assert.Equal(TimeSpan.FromSeconds(1), limiter.Wait(address, "anna"));
        Assert.Equal(TimeSpan.FromSeconds(1), limiter.Wait(IPAddress.Parse("2001:db8::ffff"), "bob"));
        Assert.Equal(TimeSpan.FromSeconds(1), limiter.Wait(IPAddress.Loopback, "ANNA"));
        Assert.Equal(TimeSpan.Zero, limiter.Wait(IPAddress.Loopback, "bob"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.Zero, limiter.Wait(address, "anna"));
        limiter.Failed(address, "anna");
        Assert.Equal(TimeSpan.FromSeconds(2), limiter.Wait(address, "anna"));
        for (var i = 0; i < 20; i++)
        {
            limiter.Failed(address, "anna");
        }

        Assert.Equal(TimeSpan.FromMinutes(5), limiter.Wait(address, "anna"));
        limiter.Succeeded(address, "anna");
        Assert.Equal(TimeSpan.Zero, limiter.Wait(address, "anna"));
    }

    [Fact]
    public void Sessions_EndWithTime_AndWithThePassword()
    {
        var time = new FakeTime();
        var sessions = new Sessions(time, TimeSpan.FromHours(1));
        var logins = LoginsOf("first");
        var id = sessions.Begin("anna", logins.FindUser("anna")!.Value.Hash);

        Assert.Equal(Role.Operator, sessions.Find(id, logins)!.Role);
        Assert.Null(sessions.Find("0123", logins));
        Assert.Null(sessions.Find(id, LoginsOf("second")));
        id = sessions.Begin("anna", logins.FindUser("anna")!.Value.Hash);
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.NotNull(sessions.Find(id, logins));
        time.Advance(TimeSpan.FromMinutes(60));
        Assert.Null(sessions.Find(id, logins));
    }

    [Fact]
    public void Logins_KnowPasswordsAndTokens()
    {
        var token = Logins.NewToken("ci");
        var logins = LoginsOf("right horse", token);

        Assert.True(logins.IsPassword("ANNA", "right horse"));
        Assert.False(logins.IsPassword("anna", "wrong horse"));
        Assert.False(logins.IsPassword("nobody", "right horse"));
        Assert.Null(logins.FindVerified(token));
        Assert.Equal("ci", logins.Verify(token)!.Name);
        Assert.Equal(Role.Admin, logins.FindVerified(token)!.Role);
        Assert.Null(logins.FindVerified(token + "0"));
        Assert.Null(logins.Verify(Logins.NewToken("ci")));
    }

    [Fact]
    public void History_IsBounded_AndTellsRates()
    {
        var time = new FakeTime();
        var store = new ClusterStore(time);
        store.Apply(
            [new ClusterOptions { Id = "web", Destinations = [new DestinationOptions { Id = "a", Address = new Uri("http://127.0.0.1:1") }] }], []);
        var state = store.Current.Clusters[0].Destinations[0].State;
        using var history = new TrafficHistory(store, time);
        for (var i = 0; i < 400; i++)
        {
            time.Advance(TrafficHistory.ShortestInterval);
            for (var flow = 0; flow < 5; flow++)
            {
                state.Bind();
                state.Unbind();
                state.CountEnded(TimeSpan.FromMilliseconds(20));
            }

            history.Sample();
        }

        Assert.Equal((0.5, 20.0), (history.RateOf(state), history.LatencyOf(state)!.Value));
        var points = history.Of(state);
        Assert.Equal(360, points.Count);
        Assert.All(points, point => Assert.Equal((0.5, 20.0), (point.Rate, point.Latency!.Value)));
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json, new() { PropertyNameCaseInsensitive = true })!;

    private static Logins LoginsOf(string password, string? token = null)
    {
        var tokens = token is null ? "" : $$""", "Tokens": { "ci": { "Secret": "{{Logins.Hash("ci", token)}}", "Role": "admin" } }""";
        var json = $$"""{ "Management": { "Users": { "anna": { "Password": "{{Logins.Hash("anna", password)}}", "Role": "operator" } }{{tokens}} } }""";
        return new Logins(new Gateway.Configuration.ConfigurationLoader().Load(System.Text.Encoding.UTF8.GetBytes(json), "test").Configuration!);
    }
}
