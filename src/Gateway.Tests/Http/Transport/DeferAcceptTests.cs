using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Http;
using Gateway.Tests.Http.Plain;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Gateway.Tests.Http.Transport;

/// <summary>Connections whose client has not sent anything yet. With one loop, which accepts them in their order.</summary>
public sealed class DeferAcceptTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    [LinuxTheory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task SilentClient_IsAcceptedInTheEnd_AndServedWhenItSpeaks(bool defers, bool hasLane)
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination, defers, hasLane);
        using var silent = await LaneRig.ConnectAsync(gateway);

        await Eventually.TrueAsync(() => Clients(gateway) == 1, "the connection is accepted");

        Assert.Equal("a", await LaneRig.AskAsync(silent, Request));
    }

    [LinuxTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NotDeferred_SilentClientIsAcceptedBeforeTheNext(bool hasLane)
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination, defers: false, hasLane);
        using var silent = await LaneRig.ConnectAsync(gateway);
        using var next = await LaneRig.ConnectAsync(gateway);

        Assert.Equal("a", await LaneRig.AskAsync(next, Request));

        if (!hasLane)
        {
            // Kestrel begins with a connection that was accepted on a thread of the pool, some time.
            await Eventually.TrueAsync(() => Clients(gateway) == 2, "Kestrel has begun with both");
        }

        Assert.Equal(2, Clients(gateway));
    }

    [LinuxTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stopped_SilentClientIsTold(bool hasLane)
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination, defers: true, hasLane);
        using var silent = await LaneRig.ConnectAsync(gateway);

        var stopping = gateway.Services.GetRequiredService<IHost>().StopAsync();

        Assert.Equal(0, await silent.Socket.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(20)));
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [LinuxFact]
    public async Task ClientThatLeavesSilently_CostsNothing()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination, defers: true, hasLane: true);
        var silent = await LaneRig.ConnectAsync(gateway);
        silent.Socket.Shutdown(SocketShutdown.Send);

        // The end of what the client sends is something.
        Assert.Equal(0, await silent.Socket.ReceiveAsync(new byte[1]));
        silent.Dispose();
        await Eventually.TrueAsync(() => Clients(gateway) == 0, "no connection is left");

        using var next = await LaneRig.ConnectAsync(gateway);
        Assert.Equal("a", await LaneRig.AskAsync(next, Request));
    }

    private static Task<RunningGateway> StartAsync(HttpDestination destination, bool defers, bool hasLane) => RunningGateway.StartAsync(
        Json.Proxy("rr", [Json.Destination("a", destination.Address)]).Insert(1, $$"""
            "Http": { "Loops": 1, "DeferAccept": {{Text(defers)}}, "PlainLane": {{Text(hasLane)}} },
            "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:0" } } },
            """));

    private static string Text(bool value) => value ? "true" : "false";

    private static int Clients(RunningGateway gateway) =>
        gateway.Services.GetRequiredService<ClientConnections>().Snapshot().Count(flow => flow.Kind == FlowKind.ClientConnection);
}
