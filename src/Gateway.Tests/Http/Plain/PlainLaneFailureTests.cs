using System.Net;
using Gateway.Clusters;
using Gateway.Http;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static Gateway.Tests.Http.Plain.LaneRig;

namespace Gateway.Tests.Http.Plain;

/// <summary>What goes wrong on the plain lane looks to clients, counters and whoever is told as it does in the pipeline.
/// </summary>
public sealed class PlainLaneFailureTests
{
    private const string Ask = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

    public static IEnumerable<object[]> Both => [[Lane], [Pipeline]];

    [LinuxTheory]
    [MemberData(nameof(Both))]
    public async Task ClientResetsWithinALongAnswer_IsToldAndIsNoError(HttpVariant variant)
    {
        var taken = 0L;
        await using var destination = await HttpDestination.StartAsync("a", async context =>
        {
            var piece = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(piece);
                Interlocked.Add(ref taken, piece.Length);
            }
        });
        await using var gateway = await RunningGateway.StartAsync(
            variant.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));
        using var errors = new ErrorRecorder();
        gateway.Services.GetRequiredService<ILoggerFactory>().AddProvider(errors);
        var ends = Ends(gateway);
        for (var i = 0; i < 5; i++)
        {
            using var client = await ConnectAsync(gateway);
            await client.SendAsync(Ask);
            Assert.Equal(1000, (await client.Socket.ReadExactlyAsync(1000)).Length);
            if (i % 2 == 0)
            {
                await HeldUpAsync(() => Interlocked.Read(ref taken));
            }

            client.Reset();
        }

        await Eventually.TrueAsync(() => ends.Count == 5, "the end of each is told");
        Assert.All(ends, end => Assert.Equal((200, FailureReason.ClientAborted), (end.Status, end.Failure)));
        await Eventually.TrueAsync(() => gateway.State("web", "a").Active == 0, "nothing is in progress");
        Assert.Empty(errors.Lines);
    }

    [LinuxTheory]
    [MemberData(nameof(Both))]
    public async Task OnlyDestinationRefuses_Is502AndTold_AndTheNextRequestIsItsOwn(HttpVariant variant)
    {
        var port = FreePort.On(IPAddress.Loopback);
        await using var gateway = await RunningGateway.StartAsync(variant.Configure(Json.Proxy("rr",
            [Json.Destination("a", $"http://127.0.0.1:{port}")], """ "Sorry": { "Status": 503, "Body": "sorry" }, """)));
        var ends = Ends(gateway);
        using var client = await ConnectAsync(gateway);

        await client.SendAsync(Ask);
        var answer = await client.Reader.ReadAnswerAsync();

        Assert.Equal((502, ""), (answer.Status, answer.Text));
        await Eventually.TrueAsync(() => ends.Count == 1, "its end is told");
        var end = ends.Single();
        Assert.Equal((502, "a", 1, FailureReason.ConnectRefused), (end.Status, end.Destination!.Id, end.Attempts, end.Failure));
        Assert.Equal(0, gateway.State("web", "a").Retries);

        await using var destination = await HttpDestination.StartAsync("a", port: port);
        Assert.Equal("a", await AskAsync(client, Ask));
        await Eventually.TrueAsync(() => ends.Count == 2, "its end is told too");
        Assert.Equal((200, 1, null), (ends.Last().Status, ends.Last().Attempts, ends.Last().Failure));
    }

    [LinuxFact]
    public async Task RetryBudget_EndsAtTheSameRequestAsInThePipeline()
    {
        var lane = await StatusesAsync(Lane);

        Assert.Equal(await StatusesAsync(Pipeline), lane);
        Assert.Contains(502, lane);
        Assert.Contains(200, lane);
    }

    /// <summary>What clients of two destinations are told one of which never answers what it has taken.</summary>
    private static async Task<List<int>> StatusesAsync(HttpVariant variant)
    {
        using var broken = new WireDestination();
        broken.On("/x", "").Closes = true;
        await using var b = await HttpDestination.StartAsync("b");
        await using var gateway = await RunningGateway.StartAsync(variant.Configure(
            Json.Proxy("rr", [Json.Destination("a", broken.Address), Json.Destination("b", b.Address)],
                """ "Retry": { "Budget": 0.5 }, """)));
        using var client = await ConnectAsync(gateway);
        var statuses = new List<int>();
        for (var i = 0; i < 60; i++)
        {
            await client.SendAsync(Ask);
            statuses.Add((await client.Reader.ReadAnswerAsync()).Status);
        }

        return statuses;
    }

    [LinuxTheory]
    [MemberData(nameof(Both))]
    public async Task AskedToEndWithinARequest_AnswerSaysThatItIsTheLast(HttpVariant variant)
    {
        using var destination = new TcpDestination();
        await using var gateway = await RunningGateway.StartAsync(
            variant.Configure(Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")])));
        using var client = await ConnectAsync(gateway);
        await client.SendAsync(Ask);
        using var accepted = await destination.AcceptedAsync();
        await new WireReader(accepted).ReadRequestAsync();

        // As a stop and a drain of the node do.
        Assert.Single(gateway.Services.GetRequiredService<ClientConnections>().Snapshot(), flow => flow.Kind == FlowKind.ClientConnection).AskToEnd();
        await accepted.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());

        var answer = await client.Reader.ReadAnswerAsync();
        Assert.Equal(("ok", "close"), (answer.Text, answer["Connection"]));
        Assert.Empty(await client.Socket.ReadToEndAsync());
    }

    [LinuxTheory]
    [MemberData(nameof(Both))]
    public async Task IdleConnectionIsAborted_IsNoError(HttpVariant variant)
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(
            variant.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));
        using var errors = new ErrorRecorder();
        gateway.Services.GetRequiredService<ILoggerFactory>().AddProvider(errors);
        var connections = gateway.Services.GetRequiredService<ClientConnections>();
        using var client = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(client, Ask));

        Assert.Single(connections.Snapshot()).Abort();

        await client.Socket.ReadResetAsync();
        await Eventually.TrueAsync(() => connections.Snapshot().Count == 0, "the connection has ended");
        Assert.Empty(errors.Lines);
    }

    /// <summary>Waits until the client's not reading has come to hold up the destination.</summary>
    private static Task HeldUpAsync(Func<long> taken) => Eventually.TrueAsync(async () =>
    {
        var before = taken();
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        return taken() == before;
    }, "nothing moves");
}
