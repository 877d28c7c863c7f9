namespace Gateway.Tests.Http.Conformance;

/// <summary>Requests whose framing could be read in two ways, or whose coding nobody takes off, reach no destination.</summary>
public sealed class RequestFramingTests(ConformanceRig rig) : IClassFixture<ConformanceRig>
{
    private const string Body = "3\r\nabc\r\n0\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    public static IEnumerable<object[]> Refused => HttpVariant.With(
        (501, "Transfer-Encoding: gzip, chunked"), (501, "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"),
        (501, "Transfer-Encoding: identity, chunked"), (501, "Transfer-Encoding: x;q=1, chunked"),
        (400, "Transfer-Encoding: chunked, chunked"), (400, "Transfer-Encoding: chunked\r\ntransfer-encoding: Chunked"),
        (400, "Transfer-Encoding: , chunked"),
        (400, $"Content-Length: {Body.Length}\r\nTransfer-Encoding: chunked"), (400, "Transfer-Encoding: chunked\r\nContent-Length: 3"),
        (501, "Transfer-Encoding: gzip, chunked\r\nContent-Length: 3"),
        (400, "X-Content-Length: 1\r\nTransfer-Encoding: chunked"),
        // What Kestrel refuses.
        (400, "Transfer-Encoding: gzip"), (400, "Transfer-Encoding: chunked, gzip"), (400, "Transfer-Encoding:"), (400, "Transfer-Encoding: gzip ,\tchunked"));

    public static IEnumerable<object[]> Taken => HttpVariant.With(
        "Transfer-Encoding: chunked", "transfer-encoding: CHUNKED", "Transfer-Encoding:\tchunked ", "X-Content-Length: 3\r\nContent-Length: 13");

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
