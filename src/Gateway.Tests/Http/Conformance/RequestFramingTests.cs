namespace Gateway.Tests.Http.Conformance;

/// <summary>Requests whose framing could be read in two ways, or whose coding nobody takes off, reach no destination.</summary>
public sealed class RequestFramingTests(ConformanceRig rig) : IClassFixture<ConformanceRig>
{
    private const string Body = "3\r\nabc\r\n0\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    public static IEnumerable<object[]> Stacks => HttpVariant.All.Select(stack => new object[] { stack });

    public static IEnumerable<object[]> Refused => HttpVariant.With(
        (501, "Transfer-Encoding: gzip, chunked"), (501, "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"),
        (501, "Transfer-Encoding: identity, chunked"), (501, "Transfer-Encoding: x;q=1, chunked"),
        (400, "Transfer-Encoding: chunked, chunked"), (400, "Transfer-Encoding: chunked\r\ntransfer-encoding: Chunked"),
        (400, "Transfer-Encoding: , chunked"),
        (400, $"Content-Length: {Body.Length}\r\nTransfer-Encoding: chunked"), (400, "Transfer-Encoding: chunked\r\nContent-Length: 3"),
        (501, "Transfer-Encoding: gzip, chunked\r\nContent-Length: 3"),
        (400, "X-Content-Length: 1\r\nTransfer-Encoding: chunked"),
        // Digits and nothing else, as many as a length can have.
        (400, "Content-Length: +3"), (400, "Content-Length: -3"), (400, "Content-Length: 3\f"), (400, "Content-Length: 3 3"), (400, "Content-Length: 3,3"),
        (400, "Content-Length:"), (400, "Content-Length: \u00b2"), (400, "Content-Length: 9223372036854775808"),
        (400, $"Content-Length: {new string('9', 300)}"),
        (400, $"Content-Length: 1{new string('0', 300)}"),
        // What Kestrel refuses.
        (400, "Transfer-Encoding: gzip"), (400, "Transfer-Encoding: chunked, gzip"), (400, "Transfer-Encoding:"), (400, "Transfer-Encoding: gzip ,\tchunked"));

    public static IEnumerable<object[]> Taken => HttpVariant.With(
        "Transfer-Encoding: chunked", "transfer-encoding: CHUNKED", "Transfer-Encoding:\tchunked ", "X-Content-Length: 3\r\nContent-Length: 13", "Content-Length: \t0000013 ", $"Content-Length: {new string('0', 300)}13");

    public static IEnumerable<object[]> Fragments => HttpVariant.With("{0}#", "{0}#/x", "{0}?q#x", "http://a{0}#x", "http://a{0}?q#x");

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task FramingIsFaulty_IsRefused_AndTheConnectionClosed(HttpVariant stack, (int Status, string Fields) request)
    {
        var (path, evil) = (rig.NewPath(), rig.NewPath());
        rig.Destination.On(path, Ok);
        var script = rig.Destination.On(evil, Ok);
        var gateway = await rig.GatewayAsync(stack);
        using var client = await rig.ConnectAsync(stack);
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200, (await client.Reader.ReadAnswerAsync()).Status);
        var before = gateway.State("web", "a").Flows;

        await client.SendAsync(
            $"POST {evil} HTTP/1.1\r\nHost: a\r\n{request.Fields}\r\n\r\n{Body}GET {evil} HTTP/1.1\r\nHost: a\r\n\r\n");
        var answer = await client.Reader.ReadAnswerAsync();

        Assert.Equal((request.Status, "close"), (answer.Status, answer["Connection"]));
        Assert.Empty(await client.Reader.ReadToEndAsync());
        Assert.Equal(before, gateway.State("web", "a").Flows);
        Assert.Empty(script.Requests);
    }

    /// <summary>A <c>#</c> is no part of a target (RFC 9112, section 3.2).</summary>
    [Theory]
    [MemberData(nameof(Fragments))]
    public async Task TargetHasAFragment_IsRefused(HttpVariant stack, string target)
    {
        var path = rig.NewPath();
        rig.Destination.On(path, Ok);
        var gateway = await rig.GatewayAsync(stack);
        var before = gateway.State("web", "a").Flows;

        var answer = await rig.AskAsync(stack, $"GET {target.Replace("{0}", path, StringComparison.Ordinal)} HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((400, "close"), (answer.Status, answer["Connection"]));
        Assert.Equal(before, gateway.State("web", "a").Flows);
    }

    /// <summary>One that is encoded is.</summary>
    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task TargetHasAnEncodedOne_IsForwarded(HttpVariant stack)
    {
        var path = rig.NewPath();
        var script = rig.Destination.On($"{path}%23x", Ok);

        Assert.Equal(200, (await rig.AskAsync(stack, $"GET {path}%23x?%23 HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal($"{path}%23x?%23", script.Request.Target);
    }

    [Theory]
    [MemberData(nameof(Taken))]
    public async Task FramingIsInOrder_IsForwarded(HttpVariant stack, string fields)
    {
        var path = rig.NewPath();
        var script = rig.Destination.On(path, Ok);

        var answer = await rig.AskAsync(stack, $"POST {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{Body}");

        Assert.Equal(200, answer.Status);
        Assert.Equal(fields.Contains("chunked", StringComparison.OrdinalIgnoreCase) ? "abc" : Body, script.Request.Text);
    }
}
