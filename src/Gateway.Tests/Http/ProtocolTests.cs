using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Tests.Http;

/// <summary>What YARP and Kestrel do must still be done: TLS, HTTP/2, trailers as gRPC needs them, transforms.</summary>
public class ProtocolTests
{
    [Fact]
    public async Task Forward_Http2OverTlsToHttp2_KeepsTrailers()
    {
        await using var a = await HttpDestination.StartAsync("a", async context =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.WriteAsync("a");
            context.Response.AppendTrailer("grpc-status", "0");
        }, protocols: HttpProtocols.Http2);
        using var folder = new TemporaryFolder();
        var certificate = Path.Combine(folder.Path, "localhost.pfx");
        using var certificates = new TestCertificates();
        using (var made = certificates.For("127.0.0.1"))
        {
            await File.WriteAllBytesAsync(certificate, made.Export(X509ContentType.Pkcs12, "x"));
        }

        var json = Json.Proxy("rr", [Json.Destination("a", a.Address)],
            "\"HttpRequest\": { \"Version\": \"2\", \"VersionPolicy\": \"RequestVersionExact\" },");
        await using var gateway = await RunningGateway.StartAsync(json.Insert(json.IndexOf('{') + 1, $$"""
             "Kestrel": { "Endpoints": { "Https": { "Url": "https://127.0.0.1:0",
                          "Certificate": { "Path": "{{certificate}}", "Password": "x" } } } },
            """));
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { certificates.Authority },
        };
        using var client = new HttpClient(handler) { BaseAddress = gateway.Client.BaseAddress };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent("hello"),
        };
        request.Headers.Add("TE", "trailers");

        using var answer = await client.SendAsync(request);

        Assert.Equal("a", await answer.Content.ReadAsStringAsync());
        Assert.Equal(HttpVersion.Version20, answer.Version);
        Assert.Equal("0", Assert.Single(answer.TrailingHeaders.GetValues("grpc-status")));
    }

    [Fact]
    public async Task Forward_LongAnswersOverTlsAndTheAccessLog_EveryByteArrivesAndIsCounted()
    {
        var body = new byte[3_000_000];
        new Random(1).NextBytes(body);
        await using var a = await HttpDestination.StartAsync("a", async context =>
        {
            context.Response.ContentLength = body.Length;
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        });
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        var certificate = Path.Combine(folder.Path, "localhost.pfx");
        using (var made = certificates.For("127.0.0.1"))
        {
            await File.WriteAllBytesAsync(certificate, made.Export(X509ContentType.Pkcs12, "x"));
        }

        foreach (var url in new[] { "http", "https" })
        {
            var log = Path.Combine(folder.Path, $"{url}.log");
            var tls = url == "https" ? $$""", "Certificate": { "Path": "{{certificate}}", "Password": "x" } """ : "";
            foreach (var telemetry in new[] { "", $$""" "Telemetry": { "Listen": "127.0.0.1:0", "AccessLog": { "Enabled": true, "Path": "{{log}}" } }, """ })
            {
                await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", [Json.Destination("a", a.Address)]).Insert(1, $$"""
                     "Http": { "PlainLane": false }, {{telemetry}}
                     "Kestrel": { "Endpoints": { "Web": { "Url": "{{url}}://127.0.0.1:0" {{tls}} } } },
                    """));
                using var handler = new SocketsHttpHandler();
                handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { certificates.Authority },
                };
                using var client = new HttpClient(handler) { BaseAddress = gateway.Client.BaseAddress };
                Assert.Equal(body, await client.GetByteArrayAsync("/"));
                Assert.Equal(body, await client.GetByteArrayAsync("/"));
            }

            Assert.All(await File.ReadAllLinesAsync(log), line => Assert.Contains("3000000", line, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Forward_Transforms_AreApplied()
    {
        await using var a = await HttpDestination.StartAsync(
            "a", context => context.Response.WriteAsync($"{context.Request.Path} {context.Request.Headers["X-Added"]} {context.Request.Host}"));
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", [Json.Destination("a", a.Address)], routeMore: """
            "Transforms": [ { "PathPrefix": "/inner" }, { "RequestHeader": "X-Added", "Set": "yes" }, { "RequestHeaderOriginalHost": "true" } ],
            """));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/page");
        request.Headers.Host = "shop.example";

        using var answer = await gateway.Client.SendAsync(request);

        Assert.Equal("/inner/page yes shop.example", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Forward_DestinationBreaksOffBeforeAnswering_SafeRequestGoesElsewhere()
    {
        await using var broken = await HttpDestination.StartAsync("broken", context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        await using var b = await HttpDestination.StartAsync("b");
        await using var gateway = await RunningGateway.StartAsync(
            Json.Proxy("rr", [Json.Destination("a", broken.Address), Json.Destination("b", b.Address)]));

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("b", await gateway.Client.GetStringAsync("/"));
        }

        var posts = new List<HttpStatusCode>();
        for (var i = 0; i < 4; i++)
        {
            using var answer = await gateway.Client.PostAsync("/", new StringContent("once"));
            posts.Add(answer.StatusCode);
        }

        Assert.True(broken.Requests > 0);
        Assert.Equal(2, posts.Count(status => status == HttpStatusCode.BadGateway));
        Assert.Equal(2, posts.Count(status => status == HttpStatusCode.OK));
    }

    [Fact]
    public async Task Forward_TraceContextWithTracingOff_PassesThrough()
    {
        const string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await using var a = await HttpDestination.StartAsync(
            "a", context => context.Response.WriteAsync(context.Request.Headers.TraceParent.ToString()));
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", [Json.Destination("a", a.Address)]));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("traceparent", parent);

        using var answer = await gateway.Client.SendAsync(request);

        Assert.Equal(parent, await answer.Content.ReadAsStringAsync());
    }
}
