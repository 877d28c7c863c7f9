using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests.Http.Conformance;

/// <summary>Connections on both sides: order, reuse, and what happens when either breaks off; over every stack.</summary>
public sealed class ConnectionConformanceTests(ConformanceRig rig) : IClassFixture<ConformanceRig>
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    public static IEnumerable<object[]> Stacks => HttpVariant.With("").Select(row => new[] { row[0] });

    public static IEnumerable<object[]> OwnStacks => HttpVariant.Own.Select(stack => new object[] { stack });

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Pipelined_AnswersComeInOrder(HttpVariant stack)
    {
        var requests = new StringBuilder();
        for (var i = 0; i < 50; i++)
        {
            var path = rig.NewPath();
            rig.Destination.On(path, i % 3 == 0
                ? $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{i:00}\r\n0\r\n\r\n"
                : $"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{i:00}");
            requests.Append(i % 2 == 0
                ? $"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"
                : $"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
        }

        using var client = await rig.ConnectAsync(stack);
        await client.SendAsync(requests.ToString());

        for (var i = 0; i < 50; i++)
        {
            Assert.Equal($"{i:00}", (await client.Reader.ReadAnswerAsync()).Text);
        }
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task KeepAlive_DestinationConnectionIsUsedAgain(HttpVariant stack)
    {
        using var destination = new WireDestination();
        var script = destination.On("/", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal("ok", await gateway.Client.GetStringAsync("/"));
        }

        Assert.Equal(100, script.Requests.Count);
        Assert.Equal(1, destination.Connections);
    }

    [Theory]
    [MemberData(nameof(OwnStacks))]
    public async Task StaleConnection_NoRequestIsLost(HttpVariant stack)
    {
        using var destination = new WireDestination();
        var script = destination.On("/", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        script.Closes = true;
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));

        for (var i = 0; i < 100; i++)
        {
            // The destination closes without a word after each answer.
            Assert.Equal("ok", await gateway.Client.GetStringAsync("/"));
        }

        Assert.Equal(100, script.Requests.Count);
    }

    [Theory]
    [MemberData(nameof(OwnStacks))]
    public async Task SecondAnswerToOneRequest_IsNobodys(HttpVariant stack)
    {
        using var destination = new WireDestination();
        var poison = destination.On("/poison",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        var late = destination.On("/late", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        destination.On("/good", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal("ok", await gateway.Client.GetStringAsync(i % 2 == 0 ? "/poison" : "/late"));
            // Nobody could tell an answer that comes after the next request from the answer to it.
            var asked = i + 1;
            await Eventually.TrueAsync(() => poison.Answered + late.Answered == asked, "both answers are sent");
            Assert.Equal("good", await gateway.Client.GetStringAsync("/good"));
        }
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task ClientAborts_DestinationIsClosed(HttpVariant stack)
    {
        using var destination = new TcpDestination();
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")])));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", gateway.Client.BaseAddress!.Port);
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        var accepted = await destination.AcceptedAsync();
        Assert.True(await accepted.ReceiveAsync(new byte[4096]).WaitAsync(_deadline) > 0);

        socket.LingerState = new LingerOption(true, 0);
        socket.Close();

        // Closed or reset, either tells the destination to stop.
        var received = await Record.ExceptionAsync(async () =>
            Assert.Equal(0, await accepted.ReceiveAsync(new byte[4096]).WaitAsync(_deadline)));
        Assert.True(received is null or SocketException { SocketErrorCode: SocketError.ConnectionReset }, $"{received}");
        await Eventually.TrueAsync(() => gateway.State("web", "a").Active == 0, "the request is over");
    }

    [Theory]
    [MemberData(nameof(OwnStacks))]
    public async Task ClientAbortsUpload_DestinationSeesNoEnd(HttpVariant stack)
    {
        using var destination = new TcpDestination();
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")])));
        foreach (var framing in new[] { "Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n" })
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync("127.0.0.1", gateway.Client.BaseAddress!.Port);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: a\r\n{framing}"));
            var accepted = await destination.AcceptedAsync();
            var text = "";
            while (!text.Contains("half", StringComparison.Ordinal))
            {
                var more = await ReceiveAsync(accepted);
                Assert.NotEqual("", more);
                text += more;
            }

            socket.LingerState = new LingerOption(true, 0);
            socket.Close();

            while (await ReceiveAsync(accepted) is { Length: > 0 } late)
            {
                text += late;
            }

            Assert.DoesNotContain("0\r\n\r\n", text[text.IndexOf("\r\n\r\n", StringComparison.Ordinal)..], StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task DestinationBreaksOffWithinBody_ClientSeesNoEnd(HttpVariant stack)
    {
        foreach (var answer in new[]
        {
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf",
        })
        {
            foreach (var resets in new[] { false, true })
            {
                var path = rig.NewPath();
                var script = rig.Destination.On(path, answer);
                script.Closes = true;
                script.Resets = resets;

                var thrown = await Record.ExceptionAsync(() => rig.AskAsync(stack, $"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));

                // A reset may overtake the answer's head, which is then a 502.
                if (thrown is null)
                {
                    Assert.True(resets, answer);
                }
                else
                {
                    Assert.True(thrown is EndOfStreamException or SocketException, $"{thrown}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task DestinationClosesWithoutAnswer_Is502(HttpVariant stack)
    {
        var path = rig.NewPath();
        var script = rig.Destination.On(path, "");
        script.Closes = true;

        Assert.Equal(502, (await rig.AskAsync(stack, $"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")).Status);
        Assert.Single(script.Requests);
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task DestinationSilent_Is504AfterTheActivityTimeout(HttpVariant stack)
    {
        using var destination = new TcpDestination();
        await using var gateway = await RunningGateway.StartAsync(stack.Configure(Json.Proxy("rr",
            [Json.Destination("a", $"http://{destination.EndPoint}")], """ "HttpRequest": { "ActivityTimeout": "00:00:00.3" }, """)));

        using var answer = await gateway.Client.GetAsync("/");

        Assert.Equal(504, (int)answer.StatusCode);
    }

    [Theory]
    [MemberData(nameof(OwnStacks))]
    public async Task AnswerBeforeTheBody_IsPassedOn(HttpVariant stack)
    {
        using var destination = new TcpDestination();
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")])));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync("127.0.0.1", gateway.Client.BaseAddress!.Port);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nsome"u8.ToArray());
        using var accepted = await destination.AcceptedAsync();
        Assert.NotEqual("", await ReceiveAsync(accepted));

        await accepted.SendAsync("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig"u8.ToArray());
        accepted.Shutdown(SocketShutdown.Send);

        var answer = await new WireReader(client).ReadAnswerAsync();
        Assert.Equal((413, "big"), (answer.Status, answer.Text));
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task WebSocket_EchoesAndCloses(HttpVariant stack)
    {
        await using var destination = await HttpDestination.StartAsync("a", async context =>
        {
            using var server = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[64 * 1024];
            while (await server.ReceiveAsync(buffer, default) is { MessageType: not WebSocketMessageType.Close } message)
            {
                await server.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, default);
            }

            await server.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", default);
        });
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));
        using var client = new ClientWebSocket();
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{gateway.Client.BaseAddress!.Port}/"), default);

        for (var i = 0; i < 50; i++)
        {
            var sent = new byte[(i * 100) + 1];
            Random.Shared.NextBytes(sent);
            await client.SendAsync(sent, WebSocketMessageType.Binary, true, default);
            var got = new byte[sent.Length];
            for (var at = 0; at < got.Length;)
            {
                at += (await client.ReceiveAsync(got.AsMemory(at), default).AsTask().WaitAsync(_deadline)).Count;
            }

            Assert.Equal(sent, got);
        }

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "", default).WaitAsync(_deadline);
        Assert.Equal("bye", client.CloseStatusDescription);
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            return Encoding.Latin1.GetString(buffer, 0, await socket.ReceiveAsync(buffer).WaitAsync(_deadline));
        }
        catch (SocketException)
        {
            return "";
        }
    }
}
