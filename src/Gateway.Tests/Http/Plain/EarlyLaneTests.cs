using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using static Gateway.Tests.Http.Plain.LaneRig;

namespace Gateway.Tests.Http.Plain;

/// <summary>Connections that begin in the plain lane, of which Kestrel does not know.</summary>
public sealed class EarlyLaneTests
{
    private const string Ask = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    private static readonly byte[] _answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray();

    [LinuxFact]
    public async Task ClientLeavesWithinARequest_TheDestinationIsLeftToo()
    {
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync($"http://{destination.EndPoint}");
        using var client = await ConnectAsync(gateway);
        await client.SendAsync(Ask);
        using var accepted = await destination.AcceptedAsync();
        var reader = new WireReader(accepted);
        await reader.ReadRequestAsync();

        client.Socket.Close(timeout: 0);

        await Eventually.TrueAsync(() => accepted.Poll(0, SelectMode.SelectRead), "the destination is told");
        Assert.Equal(0, await accepted.ReceiveAsync(new byte[1]).ContinueWith(read => read.IsFaulted ? 0 : read.Result));
        await Eventually.TrueAsync(() => gateway.State("web", "a").Active == 0, "the request has ended");
    }

    [LinuxFact]
    public async Task FirstRequestIsNotPlain_KestrelAnswers_AndKnowsWhenTheClientLeaves()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination.Address);
        using var client = await ConnectAsync(gateway);

        Assert.Equal("a", await AskAsync(client, "GET /%61 HTTP/1.1\r\nHost: x\r\n\r\n"));
        Assert.Equal("a", await AskAsync(client, Ask));

        Assert.Equal((0, 2), Counts(gateway));
        client.Socket.Shutdown(SocketShutdown.Send);
        Assert.Empty(await client.Socket.ReadToEndAsync());
    }

    [LinuxFact]
    public async Task RequestAndTheNext_InOnePiece_AreAnsweredInTurn()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination.Address);
        using var client = await ConnectAsync(gateway);

        await client.SendAsync(Ask + Ask + "GET /%61 HTTP/1.1\r\nHost: x\r\n\r\n" + Ask);

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("a", (await client.Reader.ReadAnswerAsync()).Text);
        }

        Assert.Equal((2, 2), Counts(gateway));
    }

    [LinuxFact]
    public async Task LimitOfConnections_HoldsAsEver()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(Lane.Configure(
            Json.Proxy("rr", [Json.Destination("a", destination.Address)]).Insert(1, """
                "Kestrel": {
                  "Endpoints": { "Http": { "Url": "http://127.0.0.1:0" } }, "Limits": { "MaxConcurrentConnections": 1 } },
                """)));
        using var first = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(first, Ask));

        using var second = await ConnectAsync(gateway);

        Assert.Empty(await second.Socket.ReadToEndAsync());
        Assert.Equal("a", await AskAsync(first, Ask));
        Assert.Equal((0, 2), Counts(gateway));
    }

    [LinuxFact]
    public async Task EndpointIsTakenAway_IdleConnectionsAreClosed_AndTheRequestInProgressIsAnswered()
    {
        using var destination = new TcpDestination();
        var proxy = Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")]);
        var port = TcpDestination.Unused().Port;
        const string A = """ "A": { "Url": "http://127.0.0.1:0" } """;
        var b = $$""" "B": { "Url": "http://127.0.0.1:{{port}}" } """;
        string With(string endpoints) => Lane.Configure(proxy.Insert(1, $$""" "Kestrel": { "Endpoints": { {{endpoints}} } }, """));
        await using var gateway = await RunningGateway.StartAsync(With($"{A}, {b}"));
        using var idle = await ConnectToAsync(port);
        using var busy = await ConnectToAsync(port);
        await busy.SendAsync(Ask);
        using var accepted = await destination.AcceptedAsync();
        await new WireReader(accepted).ReadRequestAsync();

        await gateway.ReloadAsync(With(A));

        Assert.Empty(await idle.Socket.ReadToEndAsync());
        await accepted.SendAllAsync(_answer);
        var answer = await busy.Reader.ReadAnswerAsync();
        Assert.Equal(("ok", "close"), (answer.Text, answer["Connection"]));
        Assert.Empty(await busy.Socket.ReadToEndAsync());
        await Eventually.TrueAsync(
            () => gateway.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Count == 1,
            "Kestrel has let go of the endpoint");
    }

    [LinuxFact]
    public async Task StoppedBeforeTheClientHasReadItsAnswers_TheyAreAllSent()
    {
        const int Length = 15_000;
        const int Requests = 5;
        await using var destination = await HttpDestination.StartAsync("a", async context =>
        {
            context.Response.ContentLength = Length;
            await context.Response.Body.WriteAsync(new byte[Length], context.RequestAborted);
        });
        await using var gateway = await StartAsync(destination.Address);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, gateway.Client.BaseAddress!.Port);
        await socket.SendAllAsync(System.Text.Encoding.ASCII.GetBytes(
            string.Concat(Enumerable.Repeat(Ask, Requests - 1)) + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        await Eventually.TrueAsync(
            () => Counts(gateway) == (Requests, 0) && gateway.State("web", "a").Active == 0, "all are answered, as far as the lane goes");

        var stopping = gateway.Services.GetRequiredService<Microsoft.Extensions.Hosting.IHost>().StopAsync();
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);

        var reader = new WireReader(socket);
        for (var i = 0; i < Requests; i++)
        {
            Assert.Equal(Length, (await reader.ReadAnswerAsync()).Body.Length);
        }

        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [LinuxFact]
    public async Task BytesNobodyReads_DoNotResetTheAnswer()
    {
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync($"http://{destination.EndPoint}");
        for (var i = 0; i < 10; i++)
        {
            using var client = await ConnectAsync(gateway);
            await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            using var accepted = await destination.AcceptedAsync();
            await new WireReader(accepted).ReadRequestAsync();
            await client.SendAsync("\r\n");
            await accepted.SendAllAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"u8.ToArray());

            Assert.Equal("ok", (await client.Reader.ReadAnswerAsync()).Text);
            Assert.Empty(await client.Socket.ReadToEndAsync());
        }
    }

    private static async Task<WireClient> ConnectToAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new WireClient(socket);
    }
}
