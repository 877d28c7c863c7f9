using System.Net;
using Gateway.Http;
using Gateway.Tests.Support;

namespace Gateway.Tests.Http;

public sealed class YarpCheckTests : IDisposable
{
    private readonly YarpCheck _yarp = new();

    [Theory]
    [InlineData("Hosts:0", "http://x", "is neither a host nor a host with a port")]
    [InlineData("Hosts:0", "x:y", "is neither a host nor a host with a port")]
    [InlineData("Hosts:0", "x:", "is neither a host nor a host with a port")]
    [InlineData("Hosts:0", ":80", "is neither a host nor a host with a port")]
    [InlineData("Hosts:0", "[::1]", "is an IPv6 address, which the routing of ASP.NET Core cannot compare with a host")]
    [InlineData("Hosts:0", "[::1]:80", "is an IPv6 address, which the routing of ASP.NET Core cannot compare with a host")]
    [InlineData("Hosts:0", "2001:db8::1", "is an IPv6 address, which the routing of ASP.NET Core cannot compare with a host")]
    [InlineData("Path", "/{id:nosuch}", "has an unknown constraint, 'nosuch', on 'id'")]
    [InlineData("Path", "/{id:regex(()}", "has a constraint, 'regex(()' on 'id', that cannot be used: Invalid pattern '(' at offset 1. Not enough )'s")]
    [InlineData("Path", "/{id:regex(()?}", "has a constraint, 'regex(()' on 'id', that cannot be used: Invalid pattern '(' at offset 1. Not enough )'s")]
    [InlineData("Path", "/{id:range(a)}", null)]
    public void Check_MatchThatRoutingCannotRead_IsAnError(string key, string value, string? rule)
    {
        var result = new ConfigurationText().With($"ReverseProxy:Routes:web:Match:{key}", $"\"{value}\"").Load(_yarp.Check);

        var error = Assert.Single(result.Errors);
        Assert.Equal($"ReverseProxy:Routes:web:Match:{key}", error.Key);
        Assert.StartsWith(rule ?? "has a constraint, ", error.Rule, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Hosts:0", "example.com")]
    [InlineData("Hosts:0", "example.com:8080")]
    [InlineData("Hosts:0", "example.com:*")]
    [InlineData("Hosts:0", "*:8080")]
    [InlineData("Hosts:0", "*.example.com")]
    [InlineData("Hosts:0", "127.0.0.1")]
    [InlineData("Path", "/{id:int:min(3)}")]
    [InlineData("Path", "/{id:regex(^[[0-9]]{{2}}$)?}")]
    [InlineData("Path", "/{id:guid}.{kind:alpha}")]
    public async Task Check_MatchThatRoutingReads_Passes(string key, string value)
    {
        var text = new ConfigurationText().With($"ReverseProxy:Routes:web:Match:{key}", $"\"{value}\"");
        Assert.Empty(text.Load(_yarp.Check).Errors);

        // And routing is of the same mind: a request of nobody gets an answer that is not an error of the tables.
        await using var gateway = await RunningGateway.StartAsync($$"""
            {
              "ReverseProxy": {
                "Routes": { "web": { "ClusterId": "web", "Match": { "Path": "/other", "{{key.Split(':')[0]}}": {{(key == "Path" ? $"\"{value}\"" : $"[ \"{value}\" ]")}} } } },
                "Clusters": { "web": { "Destinations": {} } }
              }
            }
            """.Replace("\"Path\": \"/other\", \"Path\"", "\"Path\"", StringComparison.Ordinal));
        using var response = await gateway.Client.GetAsync(new Uri("/nobody/asks/this", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    /// <summary>What the error of such a host tells to do instead.</summary>
    [Theory]
    [InlineData("[::1]", HttpStatusCode.ServiceUnavailable)]
    [InlineData("[::1]:8080", HttpStatusCode.ServiceUnavailable)]
    [InlineData("[::2]", HttpStatusCode.NotFound)]
    public async Task Request_OfAnIPv6Host_IsToldApartByItsHeader(string host, HttpStatusCode status)
    {
        var remedy = new ConfigurationText().With("ReverseProxy:Routes:web:Match:Hosts:0", "\"[::1]\"").Load(_yarp.Check).Errors.Single().Remedy;
        await using var gateway = await RunningGateway.StartAsync($$"""
            {
              "ReverseProxy": {
                "Routes": { "web": { "ClusterId": "web", "Match": { "Path": "/{**rest}", {{remedy[remedy.IndexOf('"')..].TrimEnd('.')}} } } },
                "Clusters": { "web": { "Destinations": {} } }
              }
            }
            """);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Host = host } };
        using var response = await gateway.Client.SendAsync(request);

        Assert.Equal(status, response.StatusCode);
    }

    /// <summary>Nothing tells the two apart, as the error that routing makes of a request shows.</summary>
    [Theory]
    [InlineData("\"Path\": \"/x/{**x}\"", "\"Path\": \"/x/{**y}\"", "/x/1")]
    [InlineData("\"Path\": \"/x/{a}\"", "\"Path\": \"X/{b?}/\"", "/x/1")]
    [InlineData("\"Path\": \"/{a:int}\"", "\"Path\": \"/{b:int}\"", "/1")]
    [InlineData("\"Path\": \"/x\", \"Methods\": [ \"GET\", \"PUT\" ]", "\"Path\": \"/x\", \"Methods\": [ \"POST\", \"get\" ]", "/x")]
    [InlineData("\"Hosts\": [ \"localhost\", \"b\" ]", "\"Hosts\": [ \"localhost:*\" ]", "/x")]
    [InlineData("\"Path\": \"/x\", \"Headers\": [ { \"Name\": \"A\", \"Values\": [ \"1\", \"2\" ] } ]", "\"Path\": \"/x\", \"Headers\": [ { \"Name\": \"a\", \"Values\": [ \"1\" ] } ]", "/x")]
    [InlineData("\"Path\": \"/x\", \"QueryParameters\": [ { \"Name\": \"q\", \"Mode\": \"Exists\" } ]", "\"Path\": \"/x\", \"QueryParameters\": [ { \"Name\": \"q\", \"Mode\": \"Exists\" } ]", "/x?q=1")]
    public async Task Check_RoutesThatNothingTellsApart_IsAnError(string one, string other, string request)
    {
        var json = TwoRoutes(one, other);
        using var text = new TemporaryFolder();
        var file = Path.Combine(text.Path, "a.json");
        await File.WriteAllTextAsync(file, json);

        var error = Assert.Single(new Gateway.Configuration.ConfigurationLoader(checks: _yarp.Check).Load(file).Errors);

        Assert.Equal("ReverseProxy:Routes:two:Match", error.Key);
        Assert.Contains("ReverseProxy:Routes:one", error.Rule, StringComparison.Ordinal);
        Assert.Contains("Order", error.Remedy, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.InternalServerError, await StatusAsync(json, request));
    }

    [Theory]
    [InlineData("\"Path\": \"/x/{**x}\"", "\"Path\": \"/x/{y}\"", "/x/1")]
    [InlineData("\"Path\": \"/x/{a}\"", "\"Path\": \"/y/{a}\"", "/x/1")]
    [InlineData("\"Path\": \"/{a:int}\"", "\"Path\": \"/{b}\"", "/1")]
    [InlineData("\"Path\": \"/{a:int}\"", "\"Path\": \"/{b:alpha}\"", "/1")]
    [InlineData("\"Path\": \"/x\", \"Methods\": [ \"GET\" ]", "\"Path\": \"/x\", \"Methods\": [ \"POST\" ]", "/x")]
    [InlineData("\"Path\": \"/x\", \"Methods\": [ \"GET\" ]", "\"Path\": \"/x\"", "/x")]
    [InlineData("\"Hosts\": [ \"localhost\" ]", "\"Hosts\": [ \"other\" ]", "/x")]
    [InlineData("\"Hosts\": [ \"localhost\" ]", "\"Path\": \"{**rest}\"", "/x")]
    [InlineData("\"Hosts\": [ \"localhost\" ]", "\"Hosts\": [ \"*\" ]", "/x")]
    [InlineData("\"Path\": \"/x\", \"Headers\": [ { \"Name\": \"A\", \"Values\": [ \"1\" ] } ]", "\"Path\": \"/x\", \"Headers\": [ { \"Name\": \"A\", \"Values\": [ \"2\" ] } ]", "/x")]
    [InlineData("\"Path\": \"/x\", \"Headers\": [ { \"Name\": \"A\", \"Values\": [ \"1\" ] } ]", "\"Path\": \"/x\"", "/x")]
    public async Task Check_RoutesThatAreToldApart_Pass(string one, string other, string request)
    {
        var status = await StatusAsync(TwoRoutes(one, other), request, isYarpAsked: true);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
    }

    [Fact]
    public void Check_RoutesOfOneRankAndDifferentOrder_Pass()
    {
        var result = new ConfigurationText().With("ReverseProxy:Routes:other", """{ "ClusterId": "web", "Order": 1, "Match": { "Path": "{**all}" } }""").Load(_yarp.Check);

        Assert.Empty(result.Errors);
    }

    public void Dispose() => _yarp.Dispose();

    private static async Task<HttpStatusCode> StatusAsync(string json, string request, bool isYarpAsked = false)
    {
        await using var gateway = await RunningGateway.StartAsync(json, isYarpAsked);
        using var message = new HttpRequestMessage(HttpMethod.Get, request) { Headers = { Host = "localhost" } };
        message.Headers.Add("A", "1");
        using var response = await gateway.Client.SendAsync(message);
        return response.StatusCode;
    }

    private static string TwoRoutes(string one, string other) => $$"""
        {
          "ReverseProxy": {
            "Routes": {
              "one": { "ClusterId": "web", "Match": { {{one}} } },
              "two": { "ClusterId": "web", "Match": { {{other}} } }
            },
            "Clusters": { "web": { "Destinations": {} } }
          }
        }
        """;
}
