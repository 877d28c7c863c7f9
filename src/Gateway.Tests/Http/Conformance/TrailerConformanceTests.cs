using System.Net;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Http.Conformance;

/// <summary>Trailer fields of an answer, over every stack: HTTP/2 has a place for them, an HTTP/1.1 client that did not ask
/// for them gets the body alone.</summary>
public sealed class TrailerConformanceTests
{
    public static IEnumerable<object[]> Stacks => HttpVariant.All.Select(stack => new object[] { stack });

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Trailers_ReachHttp2AndAreNoPartOfAnHttp11Body(HttpVariant stack)
    {
        using var destination = new WireDestination();
        destination.On("/", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n");
        await using var gateway = await RunningGateway.StartAsync(stack.Configure(
            Json.Proxy("rr", [Json.Destination("a", destination.Address)]).Insert(1, """
                 "Kestrel": { "Endpoints": {
                    "A": { "Url": "http://127.0.0.1:0" },
                    "B": { "Url": "http://127.0.0.1:0", "Protocols": "Http2" } } },
                """)));
        var addresses = gateway.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToArray();
        foreach (var (address, version) in new[] { (addresses[0], HttpVersion.Version11), (addresses[1], HttpVersion.Version20) })
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            using var request = new HttpRequestMessage(HttpMethod.Get, address)
            {
                Version = version,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };

            using var answer = await client.SendAsync(request);

            Assert.Equal("ok", await answer.Content.ReadAsStringAsync());
            Assert.Equal(
                version == HttpVersion.Version20 ? ["7"] : [],
                answer.TrailingHeaders.TryGetValues("X-Sum", out var values) ? values : []);
        }
    }
}
