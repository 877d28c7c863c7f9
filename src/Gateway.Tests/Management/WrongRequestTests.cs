using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Management;

/// <summary>What the API says to requests that are wrong: parameter, value, rule and remedy, in words of the API.</summary>
public sealed partial class WrongRequestTests : IAsyncLifetime
{
    private ManagedGateway _gateway = null!;

    public async Task InitializeAsync() => _gateway = await ManagedGateway.StartAsync("""
        { "ReverseProxy": { "Clusters": { "web": { "Persistence": { "Timeout": "00:05:00" }, "Destinations": { "a": { "Address": "http://127.0.0.1:9" } } } } } }
        """);

    public async Task DisposeAsync() => await _gateway.DisposeAsync();

    [Theory]
    [InlineData("GET clusters/web/explain?port=99999", "", "port '99999' is no port.")]
    [InlineData("GET clusters/web/explain?port=x", "", "port 'x' is no whole number, or too large.")]
    [InlineData("GET clusters/web/explain?client=nobody", "", "client 'nobody' is no IP address.")]
    [InlineData("GET clusters?destinations=maybe", "", "destinations 'maybe' is neither true nor false.")]
    [InlineData("GET clusters/web/persistence?limit=0", "", "limit '0' is not a whole number from 1 to 100000.")]
    [InlineData("GET events?limit=-1", "", "limit '-1' is not a whole number from 1 to 2000.")]
    [InlineData("GET events?limit=99999999999", "", "limit '99999999999' is no whole number, or too large.")]
    [InlineData("GET events?after=soon", "", "after 'soon' is no whole number, or too large.")]
    [InlineData("GET connections?limit=100001", "", "limit '100001' is not a whole number from 1 to 100000.")]
    [InlineData("PATCH configuration?confirm=soon", "{}", "confirm 'soon' is no time.")]
    [InlineData("PATCH configuration?confirm=1", "{}", "confirm '1' is no time.")]
    [InlineData("POST clusters/web/destinations/a/weight", """{ "weight": 1, "for": "5" }""", "for '5' is no time.")]
    [InlineData("POST clusters/web/destinations/a/maintenance", """{ "for": "30" }""", "for '30' is no time.")]
    [InlineData("POST clusters/web/destinations/a/drain", """{ "stickyFor": "0" }""", "stickyFor '0' is no time.")]
    [InlineData("POST clusters/web/destinations/a/drain", """{ "for": 5 }""", "for '5' is no time.")]
    [InlineData("POST clusters/web/decisions", """{ "for": "1" }""", "for '1' is no time.")]
    [InlineData("POST drains", """{ "cluster": "web", "deadline": "30" }""", "deadline '30' is no time.")]
    [InlineData("PATCH configuration?confirm=00:00:00", "{}", "confirm '00:00:00' is not a time from 00:00:01 to a day.")]
    [InlineData("PATCH configuration?maxErrorRate=half", "{}", "maxErrorRate 'half' is no number.")]
    [InlineData("PATCH configuration?minReady=2", "{}", "minReady '2' needs a time to watch.")]
    [InlineData("POST clusters/web/destinations/a/weight", """{ "weight": "heavy" }""", "weight 'heavy' is no whole number, or too large.")]
    [InlineData("POST clusters/web/destinations/a/weight", """{ "weight": 1.5 }""", "weight '1.5' is no whole number, or too large.")]
    [InlineData("POST clusters/web/destinations/a/weight", """{ "weight": 1, "weight": 2 }""", "body has a key twice.")]
    [InlineData("POST clusters/web/destinations/a/weight", "[ 1 ]", "body is no JSON object.")]
    [InlineData("POST clusters/web/destinations/a/weight", "", "body is empty.")]
    [InlineData("POST clusters/web/destinations/a/drain", """{ "wyh": "x" }""", "wyh is no key of this body.")]
    [InlineData("POST clusters/web/destinations/a/drain", """{ "for": "01:00:00", "until": "2099-01-01T00:00:00Z" }""", "until '2099-01-01 00:00:00Z' is said together with for.")]
    [InlineData("POST clusters/web/destinations/a/maintenance", """{ "until": "tomorrow" }""", "until 'tomorrow' is no moment.")]
    [InlineData("POST clusters/web/destinations/a/maintenance", """{ "why": 7 }""", "why '7' is no text.")]
    [InlineData("POST drains", """{ "cluster": "web", "deadline": "soon" }""", "deadline 'soon' is no time.")]
    [InlineData("POST drains", """{ "cluster": "web", "deadline": "00:00:00" }""", "deadline '00:00:00' is not a time above 0.")]
    [InlineData("POST drains", """{ "cluster": "web", "deadline": "00:01:00", "stickyFor": "00:02:00" }""", "stickyFor '00:02:00' is not a time from 0 to the deadline.")]
    [InlineData("POST drains", """{ "destination": "a" }""", "destination 'a' needs its cluster.")]
    [InlineData("POST clusters/web/decisions", """{ "for": "02:00:00" }""", "for '02:00:00' is not a time above 0 and up to 01:00:00.")]
    [InlineData("POST session", """{ "user": 1 }""", "user '1' is no text.")]
    public async Task WrongRequest_IsToldByNameValueRuleAndRemedy(string request, string body, string title)
    {
        var (method, path) = request.Split(' ') is [var first, var second] ? (first, second) : default;
        using var message = new HttpRequestMessage(new HttpMethod(method), "api/v1/" + path);
        message.Content = method == "GET" ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await _gateway.Api.SendAsync(message);
        var text = await answer.Content.ReadAsStringAsync();
        var problem = JsonNode.Parse(text)!;

        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.StartsWith(title, (string)problem["title"]!, StringComparison.Ordinal);
        var error = Assert.Single(problem["errors"]!.AsArray())!;
        Assert.Equal(title.Split(' ')[0], (string)error["key"]!);
        Assert.NotEmpty((string)error["rule"]!);
        Assert.Equal((string)problem["detail"]!, (string)error["remedy"]!);
        Assert.NotEmpty((string)error["remedy"]!);
        var told = text + string.Join('\n', _gateway.Events.After(0).Select(e => e.Text));
        Assert.DoesNotMatch(NamesOfDotNet(), told);
    }

    [Fact]
    public async Task UnknownKey_TheNearestIsNamed()
    {
        var (_, problem) = await _gateway.PostAsync("clusters/web/destinations/a/weight", """{ "wieght": 7 }""");

        Assert.Equal("Did you mean 'weight'?", (string)problem!["detail"]!);
    }

    [Fact]
    public async Task TooManyFailures_HasATypeAndARemedyThatFits()
    {
        await using var gateway = await ManagedGateway.StartAsync("{}", ManagedGateway.LoginsFor());
        JsonNode? problem = null;
        for (var i = 0; i < 12 && (int?)problem?["status"] != 429; i++)
        {
            (_, problem) = await gateway.PostAsync("session", """{ "user": "viewer", "password": "guess" }""");
        }

        Assert.Equal((429, "https://tools.ietf.org/html/rfc6585#section-4", "Wait as many seconds as Retry-After says."),
            ((int)problem!["status"]!, (string)problem["type"]!, (string)problem["detail"]!));
    }

    [GeneratedRegex("Nullable|TimeSpan|DateTimeOffset|Int32|System\\.|WeightOrder|DrainOrder|parameter \"|\\.NET|JsonBody")]
    private static partial Regex NamesOfDotNet();
}
