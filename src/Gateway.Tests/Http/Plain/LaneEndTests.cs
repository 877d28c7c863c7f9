using Gateway.Clusters;
using Gateway.Http;
using Gateway.Http.Transport;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static Gateway.Tests.Http.Plain.LaneRig;

namespace Gateway.Tests.Http.Plain;

/// <summary>A request of the plain lane has an end, and one only, whatever happens.</summary>
public sealed class LaneEndTests
{
    private const string Ask = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

    [LinuxFact]
    public async Task WhoeverIsToldOfTheEndThrows_OnlyTheConnectionEnds_AndNothingIsLeftOfIt()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination.Address);
        using var errors = new ErrorRecorder();
        gateway.Services.GetRequiredService<ILoggerFactory>().AddProvider(errors);
        var clients = gateway.Services.GetRequiredService<ClientConnections>();
        var told = 0;
        gateway.Services.GetRequiredService<RequestEvents>().Ended += _ =>
        {
            if (Interlocked.Increment(ref told) <= 2)
            {
                throw new InvalidOperationException("on purpose");
            }
        };

        for (var i = 0; i < 2; i++)
        {
            // The second over a kept connection to the destination.
            using var client = await ConnectAsync(gateway);
            await client.SendAsync(Ask);
            await client.Socket.ReadResetAsync();
            await Eventually.TrueAsync(() => clients.Snapshot().Count == 0, "nothing is left of the connection");
        }

        Assert.Equal(2, told);
        Assert.Equal(0, gateway.State("web", "a").Active);
        Assert.Equal(2, errors.Lines.Count);
        using var next = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(next, Ask));
        Assert.Equal(3, told);
    }

    [LinuxFact]
    public async Task CutOffForTheDestinationItWasAtBefore_GoesOn()
    {
        using var a = new TcpDestination();
        using var b = new TcpDestination();
        await using var gateway = await RunningGateway.StartAsync(Lane.Configure(
            Json.Proxy("rr", [Json.Destination("a", $"http://{a.EndPoint}"), Json.Destination("b", $"http://{b.EndPoint}")])));
        using var client = await ConnectAsync(gateway);
        await client.SendAsync(Ask);
        using var first = await AskedAsync(a);
        var flow = Assert.Single(
            gateway.Services.GetRequiredService<ClientConnections>().Snapshot(), each => each.Kind == FlowKind.Request);
        Assert.Equal("a", flow.Destination!.Id);

        first.Close(timeout: 0);
        using var second = await AskedAsync(b);
        flow.Abort();
        gateway.Services.GetRequiredService<HttpLoops>().Places.ToList().ForEach(place => place.Loop.Run(() => { }));
        await second.SendAllAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());

        Assert.Equal("ok", (await client.Reader.ReadAnswerAsync()).Text);
    }

    [LinuxFact]
    public async Task ClientLeavesWhileItIsConnected_NoOtherDestinationIsTried()
    {
        using var silent = new SilentDestination();
        using var b = new TcpDestination();
        await using var gateway = await RunningGateway.StartAsync(Lane.Configure(
            Json.Proxy("rr", [Json.Destination("a", $"http://{silent.EndPoint}"), Json.Destination("b", $"http://{b.EndPoint}")])));
        var ends = Ends(gateway);
        using (var client = await ConnectAsync(gateway))
        {
            await client.SendAsync(Ask);
            await Eventually.TrueAsync(() => gateway.State("web", "a").Active == 1, "it is tried at the first");
            client.Reset();
        }

        await Eventually.TrueAsync(() => !ends.IsEmpty, "it has ended");
        Assert.Equal(("a", 1), (ends.Single().Destination!.Id, ends.Single().Attempts));
        Assert.False(b.HasAccepted);
    }

    [LinuxFact]
    public async Task BodyIsWrongFromItsFirstByte_IsToldAtOnce()
    {
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync($"http://{destination.EndPoint}");
        var ends = Ends(gateway);
        using var client = await ConnectAsync(gateway);

        await client.SendAsync("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");

        Assert.Equal(400, (await client.Reader.ReadAnswerAsync()).Status);
        await Eventually.TrueAsync(() => !ends.IsEmpty, "its end is told");
        Assert.Equal(0, gateway.State("web", "a").Active);
    }

    private static async Task<System.Net.Sockets.Socket> AskedAsync(TcpDestination destination)
    {
        var accepted = await destination.AcceptedAsync();
        Assert.NotNull(await new WireReader(accepted).ReadRequestAsync());
        return accepted;
    }
}
