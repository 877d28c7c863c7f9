using System.Text;

namespace Gateway.Tests.Http.Conformance;

/// <summary>What arrives at the client, over every stack.</summary>
public sealed class ResponseConformanceTests(ConformanceRig rig) : IClassFixture<ConformanceRig>
{
    public static IEnumerable<object[]> Bodies => HttpVariant.With(0, 1, 100, 4095, 16_384, 70_000, 1_000_000);

    public static IEnumerable<object[]> Stacks => HttpVariant.With("").Select(row => new[] { row[0] });

    /// <summary>Answers without a body, whatever their framing says.</summary>
    public static IEnumerable<object[]> Bodiless => HttpVariant.With(
        "204 No Content\r\n", "204 No Content\r\nContent-Length: 0\r\n", "304 Not Modified\r\n",
        "304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 10\r\n");

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Status_EveryCode_IsPassedOn(HttpVariant stack)
    {
        using var client = await rig.ConnectAsync(stack);
        foreach (var status in Enumerable.Range(200, 400).Where(code => code is not (204 or 205 or 304)))
        {
            var path = rig.NewPath();
            rig.Destination.On(path, $"HTTP/1.1 {status} Own Words\r\nContent-Length: 3\r\nX-A: {status}\r\n\r\nabc");

            await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");

            var answer = await client.Reader.ReadAnswerAsync();
            Assert.Equal(($"HTTP/1.1 {status} Own Words", "abc", $"{status}"), (answer.StartLine, answer.Text, answer["X-A"]));
        }
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_OfEveryFraming_ArrivesWhole(HttpVariant stack, int size)
    {
        var body = Enumerable.Range(0, size).Select(i => (byte)((i * 31) ^ (i >> 8))).ToArray();
        byte[][] chunks = [.. body.Chunk(9973).Select(piece => (byte[])[.. Latin1($"{piece.Length:X};ext=1\r\n"), .. piece, 13, 10])];
        byte[][][] answers =
        [
            [[.. Latin1($"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n"), .. body]],
            [[.. Latin1("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), .. chunks.SelectMany(c => c), .. Latin1("0\r\n\r\n")]],
            [Latin1("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), .. chunks, Latin1("0\r\nX-Trailer: t\r\n\r\n")],
            [Latin1("HTTP/1.1 200 OK\r\n\r\n"), body],
            [[.. Latin1("HTTP/1.0 200 OK\r\n\r\n"), .. body]],
            [[.. Latin1("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), .. body]],
        ];
        for (var i = 0; i < answers.Length; i++)
        {
            var path = rig.NewPath();
            rig.Destination.On(path, answers[i]).Closes = i >= 3;

            var answer = await rig.AskAsync(stack, $"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");

            Assert.Equal(200, answer.Status);
            Assert.True(body.AsSpan().SequenceEqual(answer.Body), $"answer {i}");
        }
    }

    [Theory]
    [MemberData(nameof(Bodiless))]
    public async Task Bodiless_IsFollowedByTheNextAnswer(HttpVariant stack, string head)
    {
        var path = rig.NewPath();
        rig.Destination.On(path, $"HTTP/1.1 {head}\r\n");
        var next = rig.NewPath();
        rig.Destination.On(next, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
        using var client = await rig.ConnectAsync(stack);

        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\nGET {next} HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(int.Parse(head[..3]), (await client.Reader.ReadAnswerAsync()).Status);
        Assert.Equal("next", (await client.Reader.ReadAnswerAsync()).Text);
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Head_OfEveryFraming_HasNoBody(HttpVariant stack)
    {
        using var client = await rig.ConnectAsync(stack);
        foreach (var fields in new[] { "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "" })
        {
            var path = rig.NewPath();
            rig.Destination.On(path, $"HTTP/1.1 200 OK\r\nX-A: 1\r\n{fields}\r\n");

            await client.SendAsync($"HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n");

            var answer = await client.Reader.ReadAnswerAsync("HEAD");
            Assert.Equal((200, "1"), (answer.Status, answer["X-A"]));
        }
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Headers_ArriveAsSentWithoutThoseOfTheHop(HttpVariant stack)
    {
        var path = rig.NewPath();
        rig.Destination.On(path,
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nServer: own/1\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nX-Empty:\r\n"
            + $"x-lower:v\r\nX-Latin: caf\u00e9\r\nX-Tab: a\tb\r\nX-Long: {new string('l', 9000)}\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
            + "Keep-Alive: timeout=5\r\nConnection: keep-alive\r\nProxy-Authenticate: Basic\r\nAlt-Svc: h3=\":1\"\r\nVary: A\r\nVary: B\r\n\r\nx");

        for (var i = 0; i < 2; i++)
        {
            // The second answer comes over the same connection, of which the lines are remembered.
            var answer = await rig.AskAsync(stack, $"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");

            Assert.Equal("x", answer.Text);
            Assert.Equal("own/1", answer["Server"]);
            Assert.Equal("a=1; Path=/, b=2", answer["Set-Cookie"]);
            Assert.Equal(2, answer.Fields.Count(field => field.Name == "Set-Cookie"));
            Assert.Equal("", answer["X-Empty"]);
            Assert.Equal("v", answer["x-lower"]);
            Assert.Equal("caf\u00e9", answer["X-Latin"]);
            Assert.Equal("a\tb", answer["X-Tab"]);
            Assert.Equal(9000, answer["X-Long"]!.Length);
            Assert.Equal("Mon, 01 Jan 2024 00:00:00 GMT", answer["Date"]);
            Assert.Equal("A, B", answer["Vary"]);
            Assert.All(["Keep-Alive", "Proxy-Authenticate", "Alt-Svc", "Connection"], name => Assert.Null(answer[name]));
        }
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Informational_IsSkipped(HttpVariant stack)
    {
        var path = rig.NewPath();
        rig.Destination.On(path,
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
            "Content-Length: 2\r\n\r\nok");

        var answer = await rig.AskAsync(stack, $"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((200, "ok"), (answer.Status, answer.Text));
        Assert.Null(answer["Link"]);
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Answer_BytewiseInPieces_ArrivesWhole(HttpVariant stack)
    {
        var path = rig.NewPath();
        const string text = "HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n1;e\r\ne\r\n0\r\nX-T: 1\r\n\r\n";
        var script = rig.Destination.On(path, [.. Latin1(text).Select(b => new[] { b })]);
        script.Pause = TimeSpan.FromMilliseconds(1);

        var answer = await rig.AskAsync(stack, $"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(("abcde", "1"), (answer.Text, answer["X-A"]));
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Events_ArriveOneByOne(HttpVariant stack)
    {
        var path = rig.NewPath();
        var more = new TaskCompletionSource();
        var script = rig.Destination.On(path,
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n");
        script.Hold = more.Task;
        script.Closes = true;
        using var client = await rig.ConnectAsync(stack);

        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");

        // The destination sends nothing more, and yet the event is here.
        var text = "";
        var buffer = new byte[1024];
        while (!text.Contains("data: 1\n\n", StringComparison.Ordinal))
        {
            var length = await client.Socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(20));
            Assert.True(length > 0, text);
            text += Encoding.Latin1.GetString(buffer, 0, length);
        }

        more.SetResult();
    }

    private static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);
}
