using System.Text;

namespace Gateway.Tests.Http.Conformance;

/// <summary>What arrives at the destination, over every stack.</summary>
public sealed class RequestConformanceTests(ConformanceRig rig) : IClassFixture<ConformanceRig>
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    public static IEnumerable<object[]> Methods =>
        HttpVariant.With("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "X-CUSTOM");

    public static IEnumerable<object[]> OfTheServer => HttpVariant.With("CONNECT a.example:443", "OPTIONS *");

    public static IEnumerable<object[]> Bodies => HttpVariant.With(0, 1, 100, 4095, 4096, 4097, 16_384, 70_000, 1_000_000);

    public static IEnumerable<object[]> Stacks => HttpVariant.With("").Select(row => new[] { row[0] });

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Method_IsKept(HttpVariant stack, string method)
    {
        var path = rig.NewPath();
        var script = rig.Destination.On(path, method == "HEAD" ? Ok[..^2] : Ok);

        var answer = await rig.AskAsync(stack, $"{method} {path}?q=1 HTTP/1.1\r\nHost: shop.example\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal((200, method == "HEAD" ? "" : "ok"), (answer.Status, answer.Text));
        Assert.Equal("2", answer["Content-Length"]);
        Assert.Equal($"{method} {path}?q=1 HTTP/1.1", script.Request.StartLine);
        Assert.Equal("1", script.Request["X-A"]);
    }

    [Theory]
    [MemberData(nameof(OfTheServer))]
    public async Task RequestForNoResource_IsAnsweredHere_AndNoFailureOfADestination(HttpVariant stack, string request)
    {
        var gateway = await rig.GatewayAsync(stack);
        var before = gateway.State("web", "a").Flows;

        var answer = await rig.AskAsync(stack, $"{request} HTTP/1.1\r\nHost: a.example:443\r\n\r\n");

        Assert.Equal((request == "OPTIONS *" ? 200 : 501, ""), (answer.Status, answer.Text));
        Assert.Equal(before, gateway.State("web", "a").Flows);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task BodyOfLength_ArrivesWhole(HttpVariant stack, int size)
    {
        var path = rig.NewPath();
        var script = rig.Destination.On(path, Ok);
        var body = Pattern(size);
        using var client = await rig.ConnectAsync(stack);

        await client.SendAsync($"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n");
        await client.SendAsync(body);

        Assert.Equal(200, (await client.Reader.ReadAnswerAsync()).Status);
        Assert.Equal(body, script.Request.Body);
        Assert.Equal(size.ToString(), script.Request["Content-Length"]);
        Assert.Null(script.Request["Transfer-Encoding"]);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task ChunkedBody_ArrivesWhole(HttpVariant stack, int size)
    {
        var path = rig.NewPath();
        var script = rig.Destination.On(path, Ok);
        var body = Pattern(size);
        using var client = await rig.ConnectAsync(stack);

        await client.SendAsync($"POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (var at = 0; at < size; at += 7001)
        {
            var piece = body.AsSpan(at, Math.Min(7001, size - at)).ToArray();
            await client.SendAsync([.. Encoding.ASCII.GetBytes($"{piece.Length:x}\r\n"), .. piece, (byte)'\r', (byte)'\n']);
        }

        await client.SendAsync("0\r\n\r\n");

        Assert.Equal(200, (await client.Reader.ReadAnswerAsync()).Status);
        Assert.Equal(body, script.Request.Body);
        Assert.Equal("chunked", script.Request["Transfer-Encoding"]);
        Assert.Null(script.Request["Content-Length"]);
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Headers_ArriveAsSentWithoutThoseOfTheHop(HttpVariant stack)
    {
        var path = rig.NewPath();
        var script = rig.Destination.On(path, Ok);
        var many = string.Concat(Enumerable.Range(0, 60).Select(i => $"X-Many-{i}: {i}\r\n"));

        var answer = await rig.AskAsync(stack,
            $"GET {path} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: test/1\r\nAccept: a/b, c/d;q=0.5\r\nX-Empty:\r\n"
            + "X-Twice: 1\r\nX-Twice: 2\r\nCookie: a=1; b=2\r\nX-Latin: caf\u00e9\r\nX-Tab: a\tb\r\nX-Spaces:   padded   \r\n"
            + $"X-Long: {new string('l', 8000)}\r\nAuthorization: Basic eDp5\r\nX-Hop: drop\r\nConnection: X-Hop\r\n"
            + "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: secret\r\nTE: trailers\r\n"
            + $"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\n{many}\r\n");

        Assert.Equal(200, answer.Status);
        var request = script.Request;
        Assert.Equal("test/1", request["User-Agent"]);
        Assert.Equal("a/b, c/d;q=0.5", request["Accept"]);
        Assert.Equal("", request["X-Empty"]);
        Assert.Equal("1, 2", request["X-Twice"]);
        Assert.Equal("a=1; b=2", request["Cookie"]);
        Assert.Equal("caf\u00e9", request["X-Latin"]);
        Assert.Equal("a\tb", request["X-Tab"]);
        Assert.Equal("padded", request["X-Spaces"]);
        Assert.Equal(8000, request["X-Long"]!.Length);
        Assert.Equal("Basic eDp5", request["Authorization"]);
        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"{i}"), Enumerable.Range(0, 60).Select(i => request[$"X-Many-{i}"]));
        Assert.All(["X-Hop", "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "TE", "Transfer-Encoding", "Content-Length"],
            name => Assert.Null(request[name]));
        Assert.Equal("127.0.0.1", request["X-Forwarded-For"]);
        Assert.Equal("shop.example", request["X-Forwarded-Host"]);
        Assert.Equal("http", request["X-Forwarded-Proto"]);
        Assert.Equal(new Uri(rig.Destination.Address).Authority, request["Host"]);
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task ExpectContinue_DestinationAgrees_BodyFollows(HttpVariant stack)
    {
        var path = rig.NewPath();
        var script = rig.Destination.On(path, Ok);
        using var client = await rig.ConnectAsync(stack);

        // The destination reads the whole request before it answers: the proxy's own limit lets the body follow.
        await client.SendAsync($"POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        Assert.Equal(100, (await client.Reader.ReadAnswerAsync()).Status);
        await client.SendAsync("hello");

        Assert.Equal(200, (await client.Reader.ReadAnswerAsync()).Status);
        Assert.Equal("hello", script.Request.Text);
        Assert.Equal("100-continue", script.Request["Expect"]);
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Target_OfEveryForm_IsTheSameResource(HttpVariant stack)
    {
        var path = rig.NewPath();
        var script = rig.Destination.On(path, Ok);

        foreach (var target in new[] { path, $"http://other.example{path}", $"/x/..{path}", $"{path}?a=b&c=%20" })
        {
            var host = target[0] == 'h' ? "other.example" : "a";
            Assert.Equal(200, (await rig.AskAsync(stack, $"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")).Status);
        }

        Assert.Equal([path, path, path, $"{path}?a=b&c=%20"], script.Requests.Select(request => request.Target));
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Http10_IsForwardedAs11AndClosed(HttpVariant stack)
    {
        var path = rig.NewPath();
        var script = rig.Destination.On(path, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        using var client = await rig.ConnectAsync(stack);

        await client.SendAsync($"GET {path} HTTP/1.0\r\nHost: a\r\n\r\n");

        var answer = await client.Reader.ReadAnswerAsync();
        Assert.Equal("abc", answer.Text);
        Assert.Null(answer["Transfer-Encoding"]);
        Assert.Equal($"GET {path} HTTP/1.1", script.Request.StartLine);
    }

    private static byte[] Pattern(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)((i * 31) ^ (i >> 8)))];
}
