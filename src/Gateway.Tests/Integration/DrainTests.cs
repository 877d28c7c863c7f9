using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using Gateway.Clusters;
using Gateway.Draining;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Integration;

/// <summary>A destination, and a node, drained with clients of every kind.</summary>
public sealed partial class DrainTests : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(3);

    private static readonly byte[] _answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"u8.ToArray();

    private readonly ConcurrentQueue<WebSocketCloseStatus?> _told = new();
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task Drain_DestinationWithClientsOfEveryKind_EndsThemAllAndGetsNoNewOne()
    {
        await using var a = await HttpDestination.StartAsync("a", EchoOrName("a"));
        await using var b = await HttpDestination.StartAsync("b", EchoOrName("b"));
        using var tcpA = new TcpDestination();
        using var tcpB = new TcpDestination();
        using var udpA = UdpPeer.Bind();
        using var udpB = UdpPeer.Bind();
        await using var gateway = await RunningGateway.StartAsync(Configuration(a, b, tcpA, tcpB, udpA, udpB));
        foreach (var cluster in gateway.Store.Current.Clusters)
        {
            Say(gateway, cluster.Id, AdminOrder.Maintenance, "b");
        }

        var sockets = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => OpenAsync(gateway)));
        var relayed = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => ConnectAsync(gateway, tcpA)));
        var sessions = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => AskAsync(gateway, udpA, $"client {i}")));
        using var stop = new CancellationTokenSource();
        var served = 0;
        var load = Task.WhenAll(
            Enumerable.Range(0, 25).Select(i => AskUntilAsync(Clients(gateway, isHttp2: i >= 20), () => Interlocked.Increment(ref served), stop.Token)));
        await Eventually.TrueAsync(() => Volatile.Read(ref served) > 100, "the load runs");
        foreach (var cluster in gateway.Store.Current.Clusters)
        {
            gateway.Store.SetAdmin(cluster.Id, "b", null);
        }

        var drains = gateway.Services.GetRequiredService<DrainService>();
        var jobs = gateway.Store.Current.Clusters.Select(cluster => drains.Start(Job(cluster.Id, "a"))!).ToList();
        await Eventually.TrueAsync(() => gateway.State("web", "a").Active == sockets.Length, "the requests under way have ended");
        var arrived = jobs.ToDictionary(job => job.ClusterId!, job => gateway.State(job.ClusterId!, "a").Flows);
        var codes = await Task.WhenAll(sockets.Select(CloseCodeAsync));
        await Eventually.TrueAsync(() => drains.Jobs.All(job => !job.IsRunning), "the drains have ended");
        await stop.CancelAsync();
        await load;

        Assert.All(codes, code => Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, code));
        Assert.Equal(Enumerable.Repeat<WebSocketCloseStatus?>(WebSocketCloseStatus.EndpointUnavailable, sockets.Length), _told);
        foreach (var (_, atDestination) in relayed)
        {
            Assert.Empty(await atDestination.ReadToEndAsync());
        }

        Assert.All(arrived, pair => Assert.Equal(pair.Value, gateway.State(pair.Key, "a").Flows));
        Assert.All(arrived, pair => Assert.Equal(0, gateway.State(pair.Key, "a").Load.Total));
        Assert.True(b.Requests > 0);
        Assert.Equal(["web", "tcp", "udp"], drains.Jobs.Select(job => job.ClusterId!));
        Assert.Equal(DrainStatus.Empty, drains.Jobs[0].Status);

        foreach (var client in sessions)
        {
            client.Send("again");
            Assert.Equal("again", (await udpB.ReceiveFromAsync()).Text);
            client.Dispose();
        }
    }

    [Theory]
    [InlineData("yarp")]
    [InlineData("gateway")]
    public async Task Drain_Destination_ItsConnectionsAreClosedAsSoonAsTheyAreIdle(string forwarder)
    {
        using var a = new TcpDestination();
        var json = Json.Proxy("rr", [Json.Destination("a", $"http://{a.EndPoint}")], """ "IdleTimeout": "00:05:00", """);
        await using var gateway = await RunningGateway.StartAsync(json.Insert(1, $$""" "Http": { "Forwarder": "{{forwarder}}" }, """));
        var first = gateway.Client.GetStringAsync("/", _patience.Token);
        using var idle = await a.AcceptedAsync();
        var second = gateway.Client.GetStringAsync("/", _patience.Token);
        using var busy = await a.AcceptedAsync();
        await ReadRequestAsync(idle);
        await ReadRequestAsync(busy);
        await idle.SendAllAsync(_answer);
        await Task.WhenAny(first, second);

        Say(gateway, "web", AdminOrder.Drain, "a");
        await Task.Delay(TimeSpan.FromMilliseconds(300), _patience.Token);
        await busy.SendAllAsync(_answer);

        Assert.Equal(["a", "a"], await Task.WhenAll(first, second));
        Assert.Empty(await idle.ReadToEndAsync().WaitAsync(_patience.Token));
        Assert.Empty(await busy.ReadToEndAsync().WaitAsync(_patience.Token));
    }

    [Fact]
    public async Task Drain_ProcessRestartedInTheMiddle_GoesOnAndCanBeTakenBack()
    {
        await using var a = await HttpDestination.StartAsync("a");
        await using var b = await HttpDestination.StartAsync("b");
        var first = await RunningGateway.StartAsync(Json.Proxy("rr", [Json.Destination("a", a.Address), Json.Destination("b", b.Address)]));
        var drains = first.Services.GetRequiredService<DrainService>();
        var until = TimeProvider.System.GetUtcNow().AddHours(1);
        var job = drains.Start(Job("web", "a") with { Deadline = until, StickyUntil = until.AddMinutes(-5) })!;

        await using var second = await first.RestartAsync();

        var resumed = second.Services.GetRequiredService<DrainService>();
        Assert.Equal(job, Assert.Single(resumed.Jobs));
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("b", await second.Client.GetStringAsync("/", _patience.Token));
        }

        Assert.True(resumed.Cancel(job.Id));
        await Eventually.TrueAsync(async () => await second.Client.GetStringAsync("/", _patience.Token) == "a", "a is back");
    }

    [Fact]
    public async Task Drain_WithClientsOfEveryKindRestartedInTheMiddle_EndsThemInOrderAndGoesOn()
    {
        await using var a = await HttpDestination.StartAsync("a", EchoOrName("a"));
        await using var b = await HttpDestination.StartAsync("b", EchoOrName("b"));
        using var tcpA = new TcpDestination();
        using var tcpB = new TcpDestination();
        using var udpA = UdpPeer.Bind();
        using var udpB = UdpPeer.Bind();
        var first = await RunningGateway.StartAsync(
            Configuration(a, b, tcpA, tcpB, udpA, udpB).Insert(2, """ "ShutdownTimeout": "00:00:04", """));
        foreach (var cluster in first.Store.Current.Clusters)
        {
            Say(first, cluster.Id, AdminOrder.Maintenance, "b");
        }

        var sockets = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => OpenAsync(first)));
        var relayed = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => ConnectAsync(first, tcpA)));
        var sessions = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => AskAsync(first, udpA, $"client {i}")));
        var kept = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AskOnceAsync(Address(first, 0))));
        var http2 = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => GreetHttp2Async(Address(first, 1))));
        foreach (var cluster in first.Store.Current.Clusters)
        {
            first.Store.SetAdmin(cluster.Id, "b", null);
        }

        var drains = first.Services.GetRequiredService<DrainService>();
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(12);
        var jobs = first.Store.Current.Clusters
            .Select(cluster => drains.Start(Job(cluster.Id, "a") with { StickyUntil = deadline.AddSeconds(-1), Deadline = deadline })!).ToList();

        var stopping = first.Services.GetRequiredService<Microsoft.Extensions.Hosting.IHost>().StopAsync(_patience.Token);
        var codes = await Task.WhenAll(sockets.Select(CloseCodeAsync));
        Assert.All(await Task.WhenAll(kept.Select(socket => socket.ReadToEndAsync())), Assert.Empty);
        Assert.All(await Task.WhenAll(http2.Select(socket => socket.ReadToEndAsync())), bytes => Assert.Contains(7, FrameTypes(bytes)));
        foreach (var (client, atDestination) in relayed)
        {
            Assert.Empty(await atDestination.ReadToEndAsync());
            client.Dispose();
            atDestination.Dispose();
        }

        await stopping;
        Assert.All(codes, code => Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, code));
        await using var second = await first.RestartAsync();

        var resumed = second.Services.GetRequiredService<DrainService>();
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("b", await second.Client.GetStringAsync("/", _patience.Token));
            var (client, atDestination) = await ConnectAsync(second, tcpB);
            client.Dispose();
            atDestination.Dispose();
            (await AskAsync(second, udpB, $"client {i}")).Dispose();
        }

        await Eventually.TrueAsync(() => resumed.Jobs.All(job => !job.IsRunning), "the drains have ended");
        Assert.Equal(jobs.Select(job => (job.Id, job.ClusterId)), resumed.Jobs.Select(job => (job.Id, job.ClusterId)));
        Assert.All(resumed.Jobs, job => Assert.Equal((DrainStatus.Empty, true), (job.Status, job.StickyUntil <= job.Ended)));
        Assert.All(second.Store.Current.Clusters, cluster => Assert.Equal(0, cluster.Find("a")!.State.Flows));
        foreach (var session in sessions)
        {
            session.Dispose();
        }
    }

    [Fact]
    public async Task Drain_Node_ClosesKeptConnectionsInOrderAndIsNotReady()
    {
        await using var a = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", [Json.Destination("a", a.Address)]).Insert(1, Endpoints));
        var kept = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AskOnceAsync(Address(gateway, 0))));
        var http2 = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => GreetHttp2Async(Address(gateway, 1))));
        var drains = gateway.Services.GetRequiredService<DrainService>();

        var job = drains.Start(Job(null, null))!;

        Assert.All(await Task.WhenAll(kept.Select(socket => socket.ReadToEndAsync())), Assert.Empty);
        Assert.All(await Task.WhenAll(http2.Select(socket => socket.ReadToEndAsync())), bytes => Assert.Contains(7, FrameTypes(bytes)));
        await Eventually.TrueAsync(() => drains.Jobs.All(each => !each.IsRunning), "the drain has ended");
        Assert.Equal(DrainStatus.Empty, drains.Jobs.Single().Status);
        Assert.True(drains.IsNodeDraining);
        Assert.True(drains.Cancel(job.Id));
        Assert.False(drains.IsNodeDraining);
    }

    [Fact]
    public async Task Stop_WithWebSockets_ClosesThemWith1001AndEndsBeforeTheTimeout()
    {
        await using var a = await HttpDestination.StartAsync("a", EchoOrName("a"));
        await using var gateway = await RunningGateway.StartAsync(Json.Proxy("rr", [Json.Destination("a", a.Address)])
            .Insert(1, """ "ShutdownTimeout": "00:01:00", """));
        var sockets = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => OpenAsync(gateway)));

        var stopping = gateway.Services.GetRequiredService<Microsoft.Extensions.Hosting.IHost>().StopAsync(_patience.Token);
        var codes = await Task.WhenAll(sockets.Select(CloseCodeAsync));
        await stopping;

        Assert.All(codes, code => Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, code));
    }

    private const string Endpoints = """
         "Kestrel": { "Endpoints": {
            "A": { "Url": "http://127.0.0.1:0" },
            "B": { "Url": "http://127.0.0.1:0", "Protocols": "Http2" } } },
        """;

    private static DrainJob Job(string? cluster, string? destination)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new DrainJob("", cluster, destination, "anna", "kernel", now) { Deadline = now + _deadline };
    }

    private static void Say(RunningGateway gateway, string cluster, AdminOrder order, string destination) => gateway.Store.SetAdmin(
        cluster, destination, new AdminWord(order, "anna", "", TimeProvider.System.GetUtcNow()));

    private static string Configuration(
        HttpDestination a, HttpDestination b, TcpDestination tcpA, TcpDestination tcpB, UdpPeer udpA, UdpPeer udpB)
    {
        static string Cluster(string id, string a, string b) =>
            $$""" "{{id}}": { "LoadBalancingPolicy": "rr", "Destinations": { {{Json.Destination("a", a)}}, {{Json.Destination("b", b)}} } } """;
        return $$"""
            { {{Endpoints}} "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "web", "Match": { "Path": "{**catch-all}" } } },
                "Clusters": {
                  {{Cluster("web", a.Address, b.Address)}},
                  {{Cluster("tcp", $"tcp://{tcpA.EndPoint}", $"tcp://{tcpB.EndPoint}")}},
                  {{Cluster("udp", $"udp://{udpA.EndPoint}", $"udp://{udpB.EndPoint}")}} } },
              "VirtualServers": {
                "tcp": { "Listen": [ "127.0.0.1:0" ], "Protocol": "tcp", "ClusterId": "tcp" },
                "udp": { "Listen": [ "127.0.0.1:0" ], "Protocol": "udp", "ClusterId": "udp" } } }
            """;
    }

    private static Uri Address(RunningGateway gateway, int index) => new(gateway.Services.GetRequiredService<IServer>()
        .Features.Get<IServerAddressesFeature>()!.Addresses.ElementAt(index));

    private static HttpClient Clients(RunningGateway gateway, bool isHttp2) => new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = Address(gateway, isHttp2 ? 1 : 0),
        DefaultRequestVersion = isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}
