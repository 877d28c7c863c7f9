using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Gateway.Http;
using Gateway.Http.Plain;
using Gateway.Telemetry;
using Gateway.Tests.Http.Plain;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Http.Conformance;

/// <summary>Requests that Kestrel answers itself, and those refused before a route is asked for them: each has its line in the access log,
/// whatever is known of it, and is counted.</summary>
/// <remarks>Alone: a test beside it that listens for traces gives every request of the pipeline one.</remarks>
[Collection(Alone.Name)]
public sealed class UnreadRequestTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private const string Good = "GET /good HTTP/1.1\r\nHost: a\r\n\r\n";

    public static IEnumerable<object[]> Stacks => HttpVariant.All.Select(stack => new object[] { stack });

    public static IEnumerable<object[]> Transports =>
        HttpVariant.Own.DistinctBy(stack => stack.Transport).Select(stack => new object[] { stack });

    /// <summary>What is sent, how it is answered, and what is known of it: method, host, path.</summary>
    private static (string Request, int Status, string? Method, string? Host, string? Path)[] Cases =>
    [
        ("\u0016\u0003\u0001\u0002\0\u0001\0\r\n", 400, null, null, null),
        ("GET\r\n\r\n", 400, null, null, null),
        ("GET /a b HTTP/1.1\r\n\r\n", 400, null, null, null),
        ("GET / HTTP/1.9\r\n\r\n", 505, null, null, null),
        ($"GET /{new string('x', 9000)} HTTP/1.1\r\n", 414, null, null, null),
        ("GET /x?q HTTP/1.1\r\n\r\n", 400, "GET", null, "/x"),
        ("GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "GET", "a,b", "/x"),
        ("GET /x HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400, "GET", "a", "/x"),
        ($"PUT /x HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Range(0, 101).Select(i => $"X{i}: y\r\n"))}\r\n", 431, "PUT", "a", "/x"),
        ($"GET /x HTTP/1.1\r\nHost: a\r\nX: {new string('x', 5000)}\r\n\r\n", 431, "GET", "a", "/x"),
        ("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400, "POST", "a", "/x"),
        ($"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: {new string('9', 300)}\r\n\r\nabc", 400, "POST", "a", "/x"),
        ("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "POST", "a", "/x"),
        // Of RequestFraming.
        ("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "POST", "a", "/x"),
        ("GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n", 400, "GET", "a", "/x#y"),
        // Of the pipeline: no host at all.
        ("GET /x HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", 400, "GET", "", "/x"),
    ];

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task HeadIsRefused_HasItsLine_AndIsCounted(HttpVariant stack)
    {
        using var folder = new TemporaryFolder();
        using var destination = new WireDestination();
        destination.On("/good", Ok);
        await using var gateway = await StartAsync(stack, destination, folder, """ "MaxRequestHeadersTotalSize": 4096 """);
        var written = 0;
        foreach (var (request, status, method, host, path) in Cases)
        {
            using var client = await LaneRig.ConnectAsync(gateway);
            // Not the first of its connection, so that what is left of the one before would be seen.
            await LaneRig.AskAsync(client, Good);

            await client.SendAsync(request);
            var answer = await client.Reader.ReadAnswerAsync();

            Assert.Equal((status, "close"), (answer.Status, answer["Connection"]));
            var line = (await LinesAsync(folder, written += 2))[^1];
            Assert.Equal(("rejected", status), (Text(line, "end"), line.GetProperty("status").GetInt32()));
            Assert.Equal((method, host, path), (Text(line, "method"), Text(line, "host"), Text(line, "path")));
            Assert.Equal(
                ("127.0.0.1", ((IPEndPoint)client.Socket.LocalEndPoint!).Port), (Text(line, "client"), line.GetProperty("client_port").GetInt32()));
            Assert.Equal($"{client.Socket.RemoteEndPoint}", Text(line, "listener"));
            Assert.Null(Text(line, "route"));
        }

        Assert.Equal(Cases.CountBy(one => one.Status).OrderBy(count => count.Key).Select(count => KeyValuePair.Create(count.Key, (long)count.Value)), Counts(gateway));
        Assert.Equal(Cases.Length, gateway.State("web", "a").Flows);
        Assert.Equal(stack.PlainLane, gateway.Services.GetRequiredService<PlainLane>().IsOn);
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task HeadIsTooSlow_HasItsLine(HttpVariant stack)
    {
        using var folder = new TemporaryFolder();
        using var destination = new WireDestination();
        await using var gateway = await StartAsync(stack, destination, folder, """ "RequestHeadersTimeout": "00:00:01" """);
        using var client = await LaneRig.ConnectAsync(gateway);

        await client.SendAsync("GET /x HTTP/1.1\r\nHost: a\r\nX");
        var answer = await client.Reader.ReadAnswerAsync();

        Assert.Equal(408, answer.Status);
        var line = Assert.Single(await LinesAsync(folder, 1));
        Assert.Equal(("rejected", 408, "/x"), (Text(line, "end"), line.GetProperty("status").GetInt32(), Text(line, "path")));
        Assert.Equal([new(408, 1)], Counts(gateway));
    }

    /// <summary>One that leaves in the middle of a head has sent a malformed request; one that leaves before has sent none, as checks do.</summary>
    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task ClientLeaves_HasALineOnlyInTheMiddleOfAHead(HttpVariant stack)
    {
        using var folder = new TemporaryFolder();
        using var destination = new WireDestination();
        destination.On("/good", Ok);
        await using var gateway = await StartAsync(stack, destination, folder);
        foreach (var sent in (string[])["", Good, "GET /x HT", "GET /x HTTP/1.1\r\nHost: a\r\n"])
        {
            using var client = await LaneRig.ConnectAsync(gateway);
            await client.SendAsync(sent);
            if (sent == Good)
            {
                await client.Reader.ReadAnswerAsync();
            }
        }

        var lines = await LinesAsync(folder, 3);
        Assert.Equal([(null, "rejected"), ("/good", "completed"), ("/x", "rejected")], lines.Select(line => (Text(line, "path"), Text(line, "end"))).Order());
        Assert.Equal([new(400, 2)], Counts(gateway));
    }

    /// <summary>What is wrong with the rest of the body of a request that has its answer is no request of its own.</summary>
    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task BodyIsBrokenBehindTheAnswer_HasOneLine(HttpVariant stack)
    {
        using var folder = new TemporaryFolder();
        using var destination = new WireDestination();
        await using var gateway = await StartAsync(stack, destination, folder, route: "\"Match\": { \"Path\": \"/none\" }");
        using var client = await LaneRig.ConnectAsync(gateway);

        await client.SendAsync("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
        var answer = await client.Reader.ReadAnswerAsync();

        // The connection ends after what comes behind the answer was read.
        _ = await Record.ExceptionAsync(client.Reader.ReadToEndAsync);
        Assert.Equal(404, answer.Status);
        Assert.Equal("no_route", Text(Assert.Single(await LinesAsync(folder, 1)), "end"));
        Assert.Empty(Counts(gateway));
    }

    /// <summary>What came of the body is no request of its own, whether its request was forwarded or not.</summary>
    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task ClientLeavesInTheMiddleOfABody_HasOneLine(HttpVariant stack)
    {
        const int Times = 20;
        using var folder = new TemporaryFolder();
        using var destination = new WireDestination();
        destination.On("/good", Ok);
        await using var gateway = await StartAsync(stack, destination, folder, route: "\"Match\": { \"Path\": \"/good\" }");
        for (var i = 0; i < Times; i++)
        {
            using var client = await LaneRig.ConnectAsync(gateway);
            await client.SendAsync($"POST {(i % 2 == 0 ? "/good" : "/none")} HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nhalf{(i % 4 < 2 ? "\r\nof it" : "")}");
        }

        var connections = gateway.Services.GetRequiredService<ClientConnections>();
        await Eventually.TrueAsync(() => connections.Snapshot().Count == 0, "all connections are ended");
        await gateway.Client.GetStringAsync("/good");

        Assert.DoesNotContain("rejected", (await LinesAsync(folder, Times + 1)).Select(line => Text(line, "end")));
        Assert.Empty(Counts(gateway));
    }

    /// <summary>Behind a proxy, the client is the proxy's.</summary>
    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task IntroducedByAProxy_TheClientIsTold(HttpVariant stack)
    {
        using var folder = new TemporaryFolder();
        using var destination = new WireDestination();
        await using var gateway = await StartAsync(stack, destination, folder, endpoint: """ , "ProxyProtocol": { "From": [ "127.0.0.0/8" ] } """);
        using var client = await LaneRig.ConnectAsync(gateway);

        await client.SendAsync("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nnonsense\r\n");

        Assert.Equal(400, (await client.Reader.ReadAnswerAsync()).Status);
        var line = Assert.Single(await LinesAsync(folder, 1));
        Assert.Equal(("192.0.2.1", "198.51.100.7:443"), (Text(line, "client"), Text(line, "listener")));
    }

    /// <summary>Over HTTP/2 a request is a stream, and the connection goes on.</summary>
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OverHttp2_HasItsLine(HttpVariant stack)
    {
        using var folder = new TemporaryFolder();
        using var destination = new WireDestination();
        destination.On("/good", Ok);
        await using var gateway = await StartAsync(
            stack, destination, folder, """ "MaxRequestHeaderCount": 20 """, endpoint: """ , "Protocols": "Http2" """);
        var address = gateway.Client.BaseAddress!;

        Assert.Equal(431, await AskAsync("/many", 21));
        Assert.Equal(400, await AskAsync("/x#y", 0));
        Assert.Equal(200, await AskAsync("/good", 0));

        var lines = await LinesAsync(folder, 3);
        Assert.Equal(
            [("rejected", "/many"), ("rejected", "/x#y"), ("completed", "/good")], lines.Select(line => (Text(line, "end"), Text(line, "path"))));
        Assert.Equal([new(400, 1), new(431, 1)], Counts(gateway));

        async Task<int> AskAsync(string path, int fields)
        {
            using var request = new HttpRequestMessage(
                HttpMethod.Get, new Uri($"{address}{path[1..]}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            for (var i = 0; i < fields; i++)
            {
                request.Headers.Add($"X-{i}", "y");
            }

            using var answer = await gateway.Client.SendAsync(request);
            return (int)answer.StatusCode;
        }
    }

    [Fact]
    public async Task TextFormat_UnknownIsADash()
    {
        using var folder = new TemporaryFolder();
        using var destination = new WireDestination();
        await using var gateway = await StartAsync(LaneRig.Pipeline, destination, folder, format: "text");
        using var client = await LaneRig.ConnectAsync(gateway);

        await client.SendAsync("nonsense\r\n");

        Assert.Equal(400, (await client.Reader.ReadAnswerAsync()).Status);
        await Eventually.TrueAsync(() => File.Exists(Log(folder)) && File.ReadAllText(Log(folder)).EndsWith('\n'), "the request has its line");
        Assert.Equal(
            $"http {client.Socket.LocalEndPoint} {client.Socket.RemoteEndPoint} - -/- - 400 0/0 0/0/0/0 0 rejected -",
            Assert.Single(await File.ReadAllLinesAsync(Log(folder))).Split(' ', 2)[1]);
    }

    [Fact]
    public async Task WithoutTheLog_IsCounted_AndShownAmongTheMetrics()
    {
        using var destination = new WireDestination();
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", [Json.Destination("a", destination.Address)]));
        using var client = await LaneRig.ConnectAsync(gateway);

        await client.SendAsync("nonsense\r\n");

        Assert.Equal(400, (await client.Reader.ReadAnswerAsync()).Status);
        Assert.Equal([new(400, 1)], Counts(gateway));
        var metrics = gateway.Services.GetRequiredService<TelemetryListener>().EndPoints[0];
        Assert.Contains(
            "gateway_http_rejected_total{status=\"400\"} 1\n", await gateway.Client.GetStringAsync(new Uri($"http://{metrics}/metrics")), StringComparison.Ordinal);
    }

    /// <summary>Nobody listens to the diagnostics of ASP.NET Core, which would cost every request of the pipeline something.</summary>
    [Fact]
    public async Task DiagnosticsOfAspNetCore_AreOff()
    {
        using var destination = new WireDestination();
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", [Json.Destination("a", destination.Address)]));

        Assert.False(gateway.Services.GetRequiredService<DiagnosticListener>().IsEnabled());
    }

    private static IEnumerable<KeyValuePair<int, long>> Counts(RunningGateway gateway) =>
        gateway.Services.GetRequiredService<RejectedRequests>().ByStatus.OrderBy(count => count.Key);

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string Log(TemporaryFolder folder) => Path.Combine(folder.Path, "access.log");

    private static async Task<JsonElement[]> LinesAsync(TemporaryFolder folder, int count)
    {
        var lines = Array.Empty<string>();
        await Eventually.TrueAsync(
            async () => File.Exists(Log(folder)) && (lines = await File.ReadAllLinesAsync(Log(folder))).Length >= count,
            "each request has its line");
        return [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private static Task<RunningGateway> StartAsync(
        HttpVariant stack, WireDestination destination, TemporaryFolder folder, string limits = "", string format = "json", string endpoint = "",
        string route = "\"Match\": { \"Path\": \"{**catch-all}\" }")
    {
        var json = Json.Proxy("rr", [Json.Destination("a", destination.Address)])
            .Replace("\"Match\": { \"Path\": \"{**catch-all}\" }", route, StringComparison.Ordinal);
        return RunningGateway.StartAsync(stack.Configure(json.Insert(json.IndexOf('{', StringComparison.Ordinal) + 1, $$"""
             "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:0" {{endpoint}} } }, "Limits": { {{limits}} } },
             "Telemetry": { "Listen": "127.0.0.1:0",
                 "AccessLog": { "Enabled": true, "Path": "{{Log(folder)}}", "Format": "{{format}}" } },
            """)));
    }
}
