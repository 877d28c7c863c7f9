using System.Net;
using Gateway.Draining;
using Gateway.Http;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static Gateway.Tests.Http.Plain.LaneRig;

namespace Gateway.Tests.Http.Plain;

/// <summary>Which requests the plain lane takes, and what becomes of a connection that it gives to Kestrel.</summary>
public sealed class PlainLaneTests
{
    private const string ProxyHeader = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";
    private const string Plain = "GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n";
    private const string NotPlain = "GET /%61 HTTP/1.1\r\nHost: a\r\n\r\n";

    [LinuxFact]
    public async Task PlainRequests_GoByTheLane_UntilOneIsNot()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination.Address);
        using var client = await ConnectAsync(gateway);

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("a", await AskAsync(client, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"));
        }

        Assert.Equal((5, 0), Counts(gateway));
        Assert.Equal("a", await AskAsync(client, "GET /%78 HTTP/1.1\r\nHost: a\r\n\r\n"));
        Assert.Equal("a", await AskAsync(client, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"));
        Assert.Equal((5, 2), Counts(gateway));
        Assert.Equal((7, 0), (gateway.State("web", "a").Flows, gateway.State("web", "a").Active));
        Assert.Equal(7, gateway.State("web", "a").Ended);
    }

    [LinuxFact]
    public async Task HeadInPieces_IsServedByKestrel()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination.Address);
        using var client = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(client, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"));

        await client.SendAsync("GET /x HT");
        await TakenAsync(client);

        Assert.Equal("a", await AskAsync(client, "TP/1.1\r\nHost: a\r\n\r\n"));
        Assert.Equal((1, 1), Counts(gateway));
    }

    [LinuxFact]
    public async Task Pipelined_GoByTheLaneInOrder_UntilOneIsNotPlain()
    {
        await using var destination = await HttpDestination.StartAsync("a", context => context.Response.WriteAsync(context.Request.Path));
        await using var gateway = await StartAsync(destination.Address);
        using var client = await ConnectAsync(gateway);
        string[] paths = [.. Enumerable.Range(0, 10).Select(i => $"/{i}"), "/%61", "/b"];

        await client.SendAsync(string.Concat(paths.Select((path, i) => i % 2 == 0
            ? $"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"
            : $"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")));

        foreach (var path in paths)
        {
            var answer = await client.Reader.ReadAnswerAsync();
            Assert.Equal((200, path.Replace("%61", "a", StringComparison.Ordinal)), (answer.Status, answer.Text));
        }

        Assert.Equal((10, 2), Counts(gateway));
    }

    /// <summary>Wherever the pieces end that it comes in, and whoever serves the request.</summary>
    [LinuxTheory]
    [InlineData(new[] { ProxyHeader + Plain, Plain }, 2, 0)]
    [InlineData(new[] { ProxyHeader, Plain, Plain }, 2, 0)]
    [InlineData(new[] { ProxyHeader + Plain, NotPlain, Plain }, 1, 2)]
    [InlineData(new[] { ProxyHeader + NotPlain, Plain }, 0, 2)]
    [InlineData(new[] { ProxyHeader, NotPlain }, 0, 1)]
    [InlineData(new[] { "PROXY TCP4 192.0.2.1 198.", "51.100.7 56324 443\r\n" + Plain, Plain }, 0, 2)]
    public async Task ProxyHeaderBeforeARequest_DestinationLearnsTheClient(string[] pieces, int onLane, int inPipeline)
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(
            Lane.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)]).Insert(1, """
                "Kestrel": { "Endpoints": { "A": { "Url": "http://127.0.0.1:0", "ProxyProtocol": { "From": [ "127.0.0.0/8" ] } } } },
                """)));
        using var client = await ConnectAsync(gateway);

        foreach (var piece in pieces)
        {
            await client.SendAsync(piece);
            await TakenAsync(client);
            if (piece.EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                Assert.Equal("a", (await client.Reader.ReadAnswerAsync()).Text);
            }
        }

        Assert.Equal(onLane + inPipeline, destination.ForwardedFor.Count);
        Assert.All(destination.ForwardedFor, address => Assert.Equal("192.0.2.1", address));
        Assert.Equal((onLane, inPipeline), Counts(gateway));
    }

    [LinuxFact]
    public async Task ProxyThatIsSilent_IsKestrels_WhoseTimeForHeadersBegins()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(
            Json.Proxy("rr", [Json.Destination("a", destination.Address)]).Insert(1, """
                "Http": { "Loops": 1, "DeferAccept": false },
                "Kestrel": { "Endpoints": { "A": { "Url": "http://127.0.0.1:0", "ProxyProtocol": { "From": [ "127.0.0.0/8" ] } } } },
                """));
        var connections = gateway.Services.GetRequiredService<ClientConnections>();
        using var client = await ConnectAsync(gateway);

        // The one loop has accepted them in their order.
        using (var next = await ConnectAsync(gateway))
        {
            Assert.Equal("a", await AskAsync(next, ProxyHeader + Plain));
        }

        // Kestrel has not begun to read it.
        await Eventually.TrueAsync(() => connections.Snapshot().Count == 0, "the lane has given it away");
        Assert.Equal("a", await AskAsync(client, ProxyHeader + Plain));
        Assert.Equal(["192.0.2.1", "192.0.2.1"], destination.ForwardedFor);
        Assert.Equal((1, 1), Counts(gateway));
    }

    [LinuxFact]
    public async Task DestinationRefuses_TheNextIsTried_AndNoneTwice()
    {
        await using var b = await HttpDestination.StartAsync("b");
        await using var gateway = await RunningGateway.StartAsync(Lane.Configure(Json.Proxy("rr",
            [Json.Destination("a", $"http://127.0.0.1:{FreePort.On(IPAddress.Loopback)}"), Json.Destination("b", b.Address)])));

        for (var i = 0; i < 10; i++)
        {
            using var client = await ConnectAsync(gateway);
            Assert.Equal("b", await AskAsync(client, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"));
        }

        var a = gateway.State("web", "a");
        Assert.True(a.Flows > 0);
        Assert.Equal((a.Flows, 0), (a.Retries, a.Active));
        Assert.Equal(10, gateway.State("web", "b").Flows);
        Assert.Equal((10 + a.Flows, 0), Counts(gateway));
    }

    [LinuxFact]
    public async Task NobodyReady_IsRefusedAsEver()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(
            Lane.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address, 0)])));

        using var answer = await gateway.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [LinuxFact]
    public async Task NodeDrains_IdleConnectionsAreClosed()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination.Address);
        using var client = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(client, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"));
        var now = TimeProvider.System.GetUtcNow();

        gateway.Services.GetRequiredService<DrainService>().Start(
            new DrainJob("", null, null, "anna", "test", now) { Deadline = now.AddSeconds(2) });

        Assert.Empty(await client.Socket.ReadToEndAsync());
    }

    [LinuxFact]
    public async Task IdleConnection_IsClosedAfterTheKeepAliveTimeout()
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(Lane.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])
            .Insert(1, """ "Kestrel": { "Endpoints": { "A": { "Url": "http://127.0.0.1:0" } }, "Limits": { "KeepAliveTimeout": "00:00:01" } }, """)));
        using var client = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(client, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"));

        Assert.Empty(await client.Socket.ReadToEndAsync());
        Assert.Equal(1, Counts(gateway).Lane);
    }

    [LinuxTheory]
    [InlineData(""" "Telemetry": { "Listen": "127.0.0.1:0", "Meters": [ "System.Net.*", "Microsoft.Extensions.*" ] }, """)]
    [InlineData(""" "Logging": { "LogLevel": { "Default": "Information", "Microsoft.AspNetCore": "Information" } }, """)]
    [InlineData(""" "Logging": { "LogLevel": { "Microsoft.AspNetCore.Hosting.Diagnostics": "Error" } }, """)]
    [InlineData(""" "Telemetry": { "Listen": "127.0.0.1:0", "AccessLog": { "Enabled": true } }, """)]
    public async Task SomebodyWantsToSeeOtherThings_LaneIsOn(string more)
    {
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(
            Lane.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)]).Insert(1, more)));
        using var client = await ConnectAsync(gateway);

        Assert.Equal("a", await AskAsync(client, "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"));

        Assert.Equal((1, 0), Counts(gateway));
    }
}
