using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Tests.Http;

public class WildcardHostsTests
{
    [Theory]
    [InlineData("x.example.com", "/api/1", "wide")]
    [InlineData("x.b.example.com", "/api/1", "narrow")]
    [InlineData("X.B.EXAMPLE.COM", "/api/1", "narrow")]
    [InlineData("x.example.com", "/both", "wide")]
    [InlineData("x.b.example.com", "/both", "narrow")]
    [InlineData("x.b.example.com:8080", "/both", "narrow")]
    [InlineData("x.example.com", "/port", null)]
    [InlineData("x.example.com:8080", "/port", "wide")]
    [InlineData("example.com", "/both", null)]
    public async Task Request_GoesToTheRouteWhoseHostItFitsBest(string host, string path, string? cluster)
    {
        await using var wide = await HttpDestination.StartAsync("wide");
        await using var narrow = await HttpDestination.StartAsync("narrow");

        // Which host comes first makes a difference to the tables of ASP.NET Core.
        foreach (var (first, second) in new[] { ("a", "b"), ("b", "a") })
        {
            await using var gateway = await RunningGateway.StartAsync($$"""
                {
                  "ReverseProxy": {
                    "Routes": {
                      "{{first}}all": { "ClusterId": "wide", "Match": { "Hosts": [ "*.example.com" ], "Path": "/api/{**rest}" } },
                      "{{second}}all": { "ClusterId": "narrow", "Match": { "Hosts": [ "*.b.example.com" ], "Path": "/api/{rest}" } },
                      "{{first}}both": { "ClusterId": "wide", "Match": { "Hosts": [ "*.example.com" ], "Path": "/both" } },
                      "{{second}}both": { "ClusterId": "narrow", "Match": { "Hosts": [ "*.b.example.com" ], "Path": "/both" } },
                      "{{first}}port": { "ClusterId": "wide", "Match": { "Hosts": [ "*.example.com:8080" ], "Path": "/port" } }
                    },
                    "Clusters": {
                      "wide": { "Destinations": { "a": { "Address": "{{wide.Address}}" } } },
                      "narrow": { "Destinations": { "a": { "Address": "{{narrow.Address}}" } } }
                    }
                  }
                }
                """);
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = host } };
            using var response = await gateway.Client.SendAsync(request);

            Assert.Equal(cluster is null ? HttpStatusCode.NotFound : HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(cluster ?? "", await response.Content.ReadAsStringAsync());
        }
    }
}
