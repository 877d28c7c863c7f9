using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;
using static Gateway.Tests.Http.Plain.LaneRig;

namespace Gateway.Tests.Http.Plain;

/// <summary>Answers that are long enough to go from socket to socket, and those that go through a pipe of the kernel's.</summary>
public sealed class LongAnswerTests
{
    private const string Ask = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    private const int Copied = 100_000;
    private const int Spliced = 3_000_000;

    public static IEnumerable<object[]> Both => [[Lane], [Pipeline]];

    public static IEnumerable<object[]> Lengths =>
        from variant in new[] { Lane, Pipeline } from length in new[] { Copied, Spliced } select new object[] { variant, length };

    [LinuxTheory]
    [MemberData(nameof(Lengths))]
    public async Task DestinationBreaksOff_TheAnswerLooksCutOff_AndTheNextIsWhole(HttpVariant variant, int length)
    {
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync(variant, destination);
        using var first = await ConnectAsync(gateway);
        await first.SendAsync(Ask);
        using (var accepted = await AskedAsync(destination))
        {
            await accepted.SendAllAsync(Head(length));
            await accepted.SendAllAsync(Body(length / 2));
        }

        var cut = await Record.ExceptionAsync(() => first.Reader.ReadAnswerAsync());

        Assert.True(cut is EndOfStreamException or SocketException, cut?.ToString() ?? "a whole answer");
        await AssertWholeAsync(gateway, destination, length);
    }

    [LinuxTheory]
    [MemberData(nameof(Lengths))]
    public async Task DestinationSendsMoreThanItSaid_ItIsPassedOnToNobody(HttpVariant variant, int length)
    {
        await using var asked = await AskedClient.BeginAsync(variant);
        var (client, accepted) = (asked.Client, asked.Accepted);

        await accepted.SendAllAsync((byte[])[.. Head(length), .. Body(length), .. "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"u8]);

        Assert.Equal(Body(length), (await client.Reader.ReadAnswerAsync()).Body);
        await AssertWholeAsync(asked.Gateway, asked.Destination, length, client);
    }

    [LinuxTheory]
    [MemberData(nameof(Lengths))]
    public async Task ClientLeavesWithinIt_TheDestinationIsLeftToo(HttpVariant variant, int length)
    {
        await using var asked = await AskedClient.BeginAsync(variant);
        var (client, accepted) = (asked.Client, asked.Accepted);
        await accepted.SendAllAsync(Head(length));
        await accepted.SendAllAsync(Body(length / 2));
        Assert.True(await client.Socket.ReceiveAsync(new byte[1000]) > 0);

        client.Socket.Close(timeout: 0);

        await Eventually.TrueAsync(
            () => accepted.Poll(0, SelectMode.SelectRead) && asked.Gateway.State("web", "a").Active == 0, "the destination is told");
        await AssertWholeAsync(asked.Gateway, asked.Destination, length);
    }

    [LinuxTheory]
    [MemberData(nameof(Lengths))]
    public async Task BothSidesStopAndGoOn_EveryByteArrivesInOrder(HttpVariant variant, int length)
    {
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync(variant, destination);
        using var client = await ConnectAsync(gateway);
        client.Socket.ReceiveBufferSize = 64 * 1024;
        await client.SendAsync(Ask);
        using var accepted = await AskedAsync(destination);

        var sending = SendInBurstsAsync(accepted, (byte[])[.. Head(length), .. Body(length)]);
        var answer = await client.Reader.ReadAnswerAsync();
        await sending;

        Assert.Equal(Body(length), answer.Body);
    }

    [LinuxTheory]
    [MemberData(nameof(Lengths))]
    public async Task ManyClientsAtOnce_ConnectionsToTheDestinationAreKept(HttpVariant variant, int length)
    {
        const int Clients = 8;
        const int Requests = 40;
        using var destination = new WireDestination();
        destination.On("/", Head(length), Body(length));
        await using var gateway = await RunningGateway.StartAsync(
            variant.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            using var client = await ConnectAsync(gateway);
            for (var i = 0; i < Requests; i++)
            {
                await client.SendAsync(Ask);
                Assert.Equal(length, (await client.Reader.ReadAnswerAsync()).Body.Length);
            }
        }));

        // No more than were needed at once.
        Assert.InRange(destination.Connections, 1, Clients);
    }

    [LinuxFact]
    public async Task OverHttp2_TheExchangeEndsOnItsLoop()
    {
        await using var destination = await HttpDestination.StartAsync("a", async context =>
        {
            context.Response.ContentLength = Spliced;
            await context.Response.Body.WriteAsync(Body(Spliced), context.RequestAborted);
        });
        await using var gateway = await RunningGateway.StartAsync(Lane.Configure(
            Json.Proxy("rr", [Json.Destination("a", destination.Address)]).Insert(1, """
                "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:0", "Protocols": "Http2" } } },
                """)));
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = gateway.Client.BaseAddress,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        // A loop refuses to have its timers set from elsewhere.
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(Body(Spliced), await client.GetByteArrayAsync("/"));
        }
    }

    [LinuxTheory]
    [MemberData(nameof(Both))]
    public async Task ClientReadsSlowlyButFastEnough_IsNotCutOff_AndOneThatReadsNothingIs(HttpVariant variant)
    {
        using var destination = new TcpDestination();
        await using var gateway = await RunningGateway.StartAsync(variant.Configure(
            Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")]).Insert(1, """
                "Kestrel": {
                  "Endpoints": { "Http": { "Url": "http://127.0.0.1:0" } },
                  "Limits": { "MinResponseDataRate": { "BytesPerSecond": 240, "GracePeriod": "00:00:01.5" } } },
                """)));
        using var slow = await AskForMuchAsync(gateway, destination);
        using var stopped = await AskForMuchAsync(gateway, destination);

        for (var i = 0; i < 60; i++)
        {
            Assert.True(await slow.ReceiveAsync(new byte[2000]) > 0);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        await Eventually.TrueAsync(() => gateway.State("web", "a").Active == 1, "who reads nothing is cut off");
        Assert.True(await slow.ReceiveAsync(new byte[2000]) > 0);
    }

    /// <summary>A client with little room of its own, whose answer is on its way.</summary>
    private static async Task<Socket> AskForMuchAsync(RunningGateway gateway, TcpDestination destination)
    {
        var socket = await ConnectSlowlyAsync(gateway);
        await socket.SendAllAsync(Encoding.ASCII.GetBytes(Ask));
        var accepted = await AskedAsync(destination);
        _ = accepted.SendAllAsync((byte[])[.. Head(Spliced), .. Body(Spliced)]).ContinueWith(_ => accepted.Dispose(), TaskScheduler.Default);
        return socket;
    }

    private static async Task<Socket> ConnectSlowlyAsync(RunningGateway gateway)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, gateway.Client.BaseAddress!.Port);
        return socket;
    }

    private static Task<RunningGateway> StartAsync(HttpVariant variant, TcpDestination destination) =>
        RunningGateway.StartAsync(variant.Configure(Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")])));

    private static async Task<Socket> AskedAsync(TcpDestination destination)
    {
        var accepted = await destination.AcceptedAsync();
        Assert.NotNull(await new WireReader(accepted).ReadRequestAsync());
        return accepted;
    }

    /// <summary>One more request is answered, over a new connection to the destination.</summary>
    private static async Task AssertWholeAsync(RunningGateway gateway, TcpDestination destination, int length, WireClient? client = null)
    {
        using var other = client is null ? await ConnectAsync(gateway) : null;
        var asking = (client ?? other)!;
        await asking.SendAsync(Ask);
        var reading = asking.Reader.ReadAnswerAsync();
        using var accepted = await AskedAsync(destination);
        await accepted.SendAllAsync((byte[])[.. Head(length), .. Body(length)]);
        Assert.Equal(Body(length), (await reading).Body);
    }

    private static async Task SendInBurstsAsync(Socket socket, byte[] bytes)
    {
        foreach (var (index, piece) in bytes.Chunk(77_777).Index())
        {
            await socket.SendAllAsync(piece);
            if (index % 8 == 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    private static byte[] Head(int length) => Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");

    private static byte[] Body(int length)
    {
        var body = new byte[length];
        for (var i = 0; i < length; i++)
        {
            body[i] = (byte)((i * 31) + (i >> 8));
        }

        return body;
    }

    /// <summary>A client that has asked, and the connection on which the destination has the request.</summary>
    private sealed record AskedClient(RunningGateway Gateway, TcpDestination Destination, WireClient Client, Socket Accepted) : IAsyncDisposable
    {
        public static async Task<AskedClient> BeginAsync(HttpVariant variant)
        {
            var destination = new TcpDestination();
            var gateway = await StartAsync(variant, destination);
            var client = await ConnectAsync(gateway);
            await client.SendAsync(Ask);
            return new AskedClient(gateway, destination, client, await AskedAsync(destination));
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            Accepted.Dispose();
            await Gateway.DisposeAsync();
            Destination.Dispose();
        }
    }
}
