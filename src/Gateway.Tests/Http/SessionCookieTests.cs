using Gateway.Http;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Http;

public class SessionCookieTests
{
    [Theory]
    [InlineData("a=1; gateway-management=0123; b=2", "a=1; b=2")]
    [InlineData("gateway-management=0123; a=1", "a=1")]
    [InlineData("a=1;__Host-gateway-management=0123", "a=1")]
    [InlineData("gateway-management=0123; __Host-gateway-management=4567", "")]
    [InlineData("gateway-management", "")]
    [InlineData("gateway=1; my-gateway-management=2", "gateway=1; my-gateway-management=2")]
    [InlineData("a=gateway-management; b=2", "a=gateway-management; b=2")]
    [InlineData("a=1; b=2", "a=1; b=2")]
    public async Task Drop_TakesOutOurCookieOnly(string sent, string forwarded)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Cookie = sent;

        await SessionCookie.DropAsync(context, _ => Task.CompletedTask);

        Assert.Equal(forwarded, context.Request.Headers.Cookie.ToString());
        Assert.Equal(forwarded.Length > 0, context.Request.Headers.ContainsKey("Cookie"));
    }

    [Theory]
    [InlineData("gateway")]
    [InlineData("yarp")]
    public async Task Request_WithOurCookie_ReachesTheDestinationWithoutIt(string forwarder)
    {
        await using var destination = await HttpDestination.StartAsync(
            "a", context => context.Response.WriteAsync($"[{context.Request.Headers.Cookie}]"));
        await using var gateway = await RunningGateway.StartAsync($$"""
            {
              "Http": { "Forwarder": "{{forwarder}}" },
              "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
                "Clusters": { "web": { "Destinations": { "a": { "Address": "{{destination.Address}}" } } } }
              }
            }
            """);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("Cookie", "app=1; gateway-management=0123; __Host-gateway-management=4567");
        using var answer = await gateway.Client.SendAsync(request);

        Assert.Equal("[app=1]", await answer.Content.ReadAsStringAsync());
    }
}
