using System.Net;
using Gateway.Clusters;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>Datagrams through a running relay, over real sockets on loopback.</summary>
public partial class UdpRelayTests
{
    [LinuxFact]
    public async Task Session_Datagrams_GoToOneDestinationAndBack()
    {
        using var a = UdpPeer.Bind();
        using var b = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), a.EndPoint, b.EndPoint);
        using var first = Client(rig);
        using var second = Client(rig);

        foreach (var text in new[] { "one", "two", "three" })
        {
            await RoundTripAsync(first, a, text);
            await RoundTripAsync(second, b, text);
        }

        Assert.Equal((0, 1, 1), (rig.State("A").Active, rig.State("A").Inactive, rig.State("A").Flows));
        Assert.Equal((11, 11 + 3), (rig.State("A").BytesSent, rig.State("A").BytesReceived));
        Assert.Equal(2, rig.VirtualServer.Active);
    }

    [LinuxTheory]
    [InlineData("127.0.0.1", "::1", "127.0.0.1")]
    [InlineData("::1", "127.0.0.1", "::1")]
    [InlineData("0.0.0.0", "127.0.0.1", "127.0.0.2")]
    [InlineData("::", "::1", "::1")]
    public async Task Session_AcrossFamiliesAndOnAllAddresses_AnswersFromTheAddressAsked(
        string listen, string serve, string ask)
    {
        using var a = UdpPeer.Bind(IPAddress.Parse(serve));
        var rig = new RelayRig("auto");
        rig.Options = rig.Options with { Listen = [new IPEndPoint(IPAddress.Parse(listen), 0)] };
        await using var started = await StartAsync(rig, a.EndPoint);

        // A connected socket: an answer from any other address would not arrive.
        using var client = UdpPeer.Connect(new IPEndPoint(IPAddress.Parse(ask), rig.Service.Listeners[0].Bound!.Port));

        await RoundTripAsync(client, a, "hello");
    }

    [LinuxFact]
    public async Task Session_SourceAddresses_AreTakenInTurn()
    {
        using var a = UdpPeer.Bind();
        var rig = new RelayRig("auto");
        rig.Options = rig.Options with { SourceAddresses = [IPAddress.Parse("127.0.0.3"), IPAddress.IPv6Loopback, IPAddress.Parse("127.0.0.4")] };
        await using var started = await StartAsync(rig, a.EndPoint);

        var seen = new HashSet<string>();
        for (var i = 0; i < 3; i++)
        {
            using var client = Client(rig);
            client.Send("hello");
            var (_, relay) = await a.ReceiveFromAsync();
            seen.Add(((IPEndPoint)relay).Address.ToString());
            a.SendTo("hello!", relay);
            Assert.Equal("hello!", await client.ReceiveAsync());
        }

        Assert.Equal(["127.0.0.3", "127.0.0.4"], seen.Order());
    }

    [LinuxFact]
    public async Task Session_SamePort_ReachesTheDestinationOnThePortOfTheClient()
    {
        using var a = UdpPeer.Bind(IPAddress.Parse("127.0.0.7"));
        var rig = new RelayRig("auto");
        rig.Options = rig.Options with { SamePort = true, Listen = [new IPEndPoint(IPAddress.Loopback, a.EndPoint.Port)] };
        await using var started = await StartAsync(rig, new IPEndPoint(a.EndPoint.Address, 1));
        using var client = Client(rig);

        await RoundTripAsync(client, a, "hello");
    }

    [LinuxFact]
    public async Task Session_ManyAndLargeDatagrams_AllArrive()
    {
        using var a = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), a.EndPoint);
        using var client = Client(rig);

        for (var i = 0; i < 100; i++)
        {
            await RoundTripAsync(client, a, $"{i}" + new string('x', i * 600));
        }
    }

    [LinuxFact]
    public async Task Session_DestinationIsAName_FirstDatagramIsKeptMeanwhile()
    {
        using var a = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), new DnsEndPoint("localhost", a.EndPoint.Port));
        using var client = Client(rig);

        await RoundTripAsync(client, a, "hello");
    }

    [LinuxFact]
    public async Task Session_NobodyTakesTheDatagram_MovesToTheNextDestination()
    {
        using var b = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), TcpDestination.Unused(), b.EndPoint);
        using var client = Client(rig);

        // The ICMP error of the first datagram comes back before the second, as everything on loopback.
        client.Send("lost");
        client.Send("found");

        Assert.Equal("found", await b.ReceiveAsync());
        Assert.Equal(1, rig.State("A").Failures(FailureReason.ConnectRefused));
        Assert.Equal((0, 0), (rig.State("A").Active, rig.State("A").Inactive));
        Assert.Equal(1, rig.State("B").Inactive);
    }

    [LinuxFact]
    public async Task OnePacket_DatagramsOfOneClient_AreScheduledOneByOne()
    {
        using var a = UdpPeer.Bind();
        using var b = UdpPeer.Bind();
        var rig = new RelayRig("auto");
        rig.Options = rig.Options with { OnePacket = true };
        await using var started = await StartAsync(rig, a.EndPoint, b.EndPoint);
        using var client = Client(rig);

        for (var i = 0; i < 3; i++)
        {
            await RoundTripAsync(client, a, "to A");
            await RoundTripAsync(client, b, "to B");
        }

        Assert.Equal((3, 3), (rig.State("A").Flows, rig.State("B").Flows));
    }

    [LinuxFact]
    public async Task Session_DestinationIsRemoved_NextDatagramGoesElsewhere()
    {
        using var a = UdpPeer.Bind();
        using var b = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), a.EndPoint);
        using var client = Client(rig);
        await RoundTripAsync(client, a, "one");

        rig.Apply(b.EndPoint);

        await RoundTripAsync(client, b, "two");
        Assert.Equal((1, 0), (rig.State("A").Inactive, rig.State("A").Active));
        Assert.Equal(1, rig.VirtualServer.Active);
    }

    [LinuxFact]
    public async Task Session_DestinationIsSilent_ClientThatGoesOnIsMoved()
    {
        using var a = UdpPeer.Bind();
        using var b = UdpPeer.Bind();
        var time = new FakeTime();
        await using var rig = await StartAsync(new RelayRig("auto", time), a.EndPoint, b.EndPoint);
        using var client = Client(rig);

        for (var i = 0; i < 3; i++)
        {
            client.Send("anybody?");
            Assert.Equal("anybody?", await a.ReceiveAsync());
            time.Advance(rig.Options.SessionTimeout / 3);
        }

        client.Send("anybody?");
        Assert.Equal("anybody?", await b.ReceiveAsync());
        Assert.Equal((0, 1), (rig.State("A").Inactive, rig.State("B").Inactive));
    }

    [LinuxFact]
    public async Task OnePacket_ListenerGoes_EndsItsSessions()
    {
        using var a = UdpPeer.Bind();
        var rig = new RelayRig("auto");
        rig.Options = rig.Options with { OnePacket = true };
        await using var started = await StartAsync(rig, a.EndPoint);
        using var client = Client(rig);
        client.Send("never answered");
        await a.ReceiveAsync();

        rig.Store.Apply([RelayRig.Cluster(a.EndPoint)], []);

        Assert.Equal(ConnectionEnd.Stopped, (await rig.EndedAsync()).End);
    }

    [LinuxFact]
    public async Task Apply_ListenerGoes_EndsItsSessions()
    {
        using var a = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), a.EndPoint);
        using var client = Client(rig);
        await RoundTripAsync(client, a, "hello");

        rig.Store.Apply([RelayRig.Cluster(a.EndPoint)], []);

        Assert.Equal(ConnectionEnd.Stopped, (await rig.EndedAsync()).End);
        Assert.Empty(rig.Service.Listeners);
    }

    [LinuxFact]
    public async Task Start_TcpAndUdpOnOnePort_BothListen()
    {
        using var a = TcpDestination.Named("A");
        await using var rig = new RelayRig("auto");
        var port = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        rig.Options = rig.Options with { Listen = [port] };
        rig.Store.Apply([RelayRig.Cluster(a.EndPoint)], [rig.Options, rig.Options with { Id = "u", Protocol = "udp" }]);

        await rig.Service.StartAsync(CancellationToken.None);

        Assert.All(rig.Service.Listeners, listener => Assert.Equal(port, listener.Bound));
    }

    [Fact]
    public async Task Start_SocketEngine_SaysThatItDoesNotDoUdp()
    {
        var rig = new RelayRig("sockets");

        var error = await Assert.ThrowsAsync<IOException>(() => StartAsync(rig));

        Assert.Contains("event loops", error.Message, StringComparison.Ordinal);
    }

    [NeedsFact("dnsmasq", "dig")]
    public async Task Relay_RealDnsServers_AnswersDig()
    {
        var port = FreePort.On(IPAddress.Loopback);
        await using var dnsmasq = DebianProcess.Start(
            "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--bind-interfaces",
            "--listen-address=127.0.0.1", $"--port={port}", "--pid-file=", "--address=/test.example/192.0.2.7");
        await dnsmasq.WaitUntilListeningAsync(new IPEndPoint(IPAddress.Loopback, port));
        var rig = new RelayRig("auto");
        rig.Options = rig.Options with { Replies = 1 };
        await using var started = await StartAsync(rig, new IPEndPoint(IPAddress.Loopback, port));

        for (var i = 0; i < 5; i++)
        {
            await using var dig = DebianProcess.Start(
                "dig", "@127.0.0.1", "-p", $"{rig.Service.Listeners[0].Bound!.Port}", "+short", "+tries=1", "test.example");
            Assert.Equal(0, await dig.WaitForExitAsync());
            Assert.Equal("192.0.2.7", dig.Output.Trim());
            Assert.Equal(ConnectionEnd.Done, (await rig.EndedAsync()).End);
        }
    }

    private static async Task<RelayRig> StartAsync(RelayRig rig, params EndPoint[] destinations)
    {
        rig.Options = rig.Options with { Protocol = "udp" };
        await rig.RunAsync(destinations);
        return rig;
    }

    private static UdpPeer Client(RelayRig rig) => UdpPeer.Connect(rig.Service.Listeners[0].Bound!);

    private static async Task RoundTripAsync(UdpPeer client, UdpPeer destination, string text)
    {
        client.Send(text);
        var (seen, relay) = await destination.ReceiveFromAsync();
        Assert.Equal(text, seen);
        destination.SendTo(text + "!", relay);
        Assert.Equal(text + "!", await client.ReceiveAsync());
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, deadline.Token);
        }
    }
}
