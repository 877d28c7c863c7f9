using Gateway.Clusters;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <content>Timeouts and limits.</content>
public partial class UdpRelayTests
{
    [LinuxFact]
    public async Task Session_Silent_IsForgottenAfterTheSessionTimeout()
    {
        using var a = UdpPeer.Bind();
        var time = new FakeTime();
        await using var rig = await StartAsync(new RelayRig("auto", time), a.EndPoint);
        using var client = Client(rig);
        await RoundTripAsync(client, a, "hello");

        time.Advance(rig.Options.SessionTimeout + TimeSpan.FromSeconds(2));

        var record = await rig.EndedAsync();
        Assert.Equal((ConnectionEnd.Idle, 5, 6), (record.End, record.BytesSent, record.BytesReceived));
        Assert.Equal((0, 0), (rig.State("A").Active, rig.State("A").Inactive));
        await RoundTripAsync(client, a, "again");
        Assert.Equal(2, rig.State("A").Flows);
    }

    [LinuxFact]
    public async Task Session_ExpectedRepliesCame_IsDone()
    {
        using var a = UdpPeer.Bind();
        var rig = new RelayRig("auto");
        rig.Options = rig.Options with { Replies = 1 };
        await using var started = await StartAsync(rig, a.EndPoint);
        using var client = Client(rig);

        await RoundTripAsync(client, a, "hello");

        Assert.Equal(ConnectionEnd.Done, (await rig.EndedAsync()).End);
        Assert.Equal(0, rig.Service.Connections.Count);
    }

    [LinuxFact]
    public async Task Session_ClientNeverAnswers_GetsNoMoreThanItAskedFor()
    {
        using var a = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), a.EndPoint);
        using var client = Client(rig);

        client.Send("small question");
        var (_, relay) = await a.ReceiveFromAsync();
        for (var i = 1; i <= 5; i++)
        {
            a.SendTo($"large answer {i}", relay);
        }

        Assert.Equal("large answer 1", await client.ReceiveAsync());
        await UdpPeer.TakenAsync(relay);
        client.Send("I am real");
        await a.ReceiveAsync();
        a.SendTo("first", relay);
        a.SendTo("second", relay);
        Assert.Equal("first", await client.ReceiveAsync());
        Assert.Equal("second", await client.ReceiveAsync());
        Assert.True(client.IsSilent);
    }

    [LinuxFact]
    public async Task Session_ClientWasHeardAgain_AnswersAreStillBounded()
    {
        using var a = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), a.EndPoint);
        using var client = Client(rig);
        await RoundTripAsync(client, a, "one");
        client.Send("two");
        var (_, relay) = await a.ReceiveFromAsync();

        for (var i = 0; i < 100; i++)
        {
            a.SendTo($"{i}", relay);
        }

        // Sixteen for each of two datagrams, and one had come.
        for (var i = 0; i < 31; i++)
        {
            Assert.Equal($"{i}", await client.ReceiveAsync());
        }

        await Eventually.TrueAsync(() => rig.VirtualServer.BytesSent == 4 + 10 + (21 * 2), "all that pass are counted");
        Assert.True(client.IsSilent);
    }

    [NamespaceFact]
    public async Task Session_NoLocalPortIsLeft_IsNotTheDestinationsFailure()
    {
        using var network = new NetworkNamespace("ports");
        using var a = network.Inside(() => UdpPeer.Bind());

        // Its threads, and so its sockets, are in the namespace.
        await using var rig = network.Inside(() => StartAsync(new RelayRig("auto"), a.EndPoint).GetAwaiter().GetResult());
        using var first = network.Inside(() => Client(rig));
        using var second = network.Inside(() => Client(rig));
        network.Set("net.ipv4.ip_local_port_range=20000 20000");
        await RoundTripAsync(first, a, "hello");

        second.Send("no port is left for me");

        Assert.Equal(ConnectionEnd.Failed, (await rig.EndedAsync()).End);
        Assert.All(Enum.GetValues<FailureReason>(), reason => Assert.Equal(0, rig.State("A").Failures(reason)));
        await RoundTripAsync(first, a, "still here");
    }

    [LinuxFact]
    public async Task Session_OverTheLimit_IsCountedAndGetsNothing()
    {
        using var a = UdpPeer.Bind();
        var rig = new RelayRig("auto");
        rig.Options = rig.Options with { MaxConnections = 1 };
        await using var started = await StartAsync(rig, a.EndPoint);
        using var first = Client(rig);
        using var second = Client(rig);
        await RoundTripAsync(first, a, "hello");

        second.Send("too many");
        await RoundTripAsync(first, a, "still here");
        await EventuallyAsync(() => rig.VirtualServer.Ended(ConnectionEnd.Limit) == 1);

        Assert.Equal(1, rig.VirtualServer.Active);
        Assert.Equal(1, rig.State("A").Flows);
    }
}
