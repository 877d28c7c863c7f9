using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <content>Answers that come faster than one at a time.</content>
public partial class UdpRelayTests
{
    [LinuxFact]
    public async Task Session_ManyClientsAtOnce_EachGetsItsAnswersInOrder()
    {
        const int each = 40;
        using var a = UdpPeer.Bind();
        var rig = new RelayRig("auto");
        rig.Options = rig.Options with { UnconfirmedReplies = 0 };
        await using var started = await StartAsync(rig, a.EndPoint);
        var clients = Enumerable.Range(0, 8).Select(_ => Client(rig)).ToArray();
        var relays = new List<EndPoint>();
        foreach (var client in clients)
        {
            client.Send("hello");
            relays.Add((await a.ReceiveFromAsync()).Sender);
        }

        for (var i = 0; i < each; i++)
        {
            for (var k = 0; k < clients.Length; k++)
            {
                a.SendTo($"{k}:{i}", relays[k]);
            }
        }

        for (var k = 0; k < clients.Length; k++)
        {
            for (var i = 0; i < each; i++)
            {
                Assert.Equal($"{k}:{i}", await clients[k].ReceiveAsync());
            }

            clients[k].Dispose();
        }
    }

    [NamespaceFact("tc")]
    public async Task Session_WayToTheClientIsFull_AnswersWaitInOrder()
    {
        // The kernel takes about ninety of this size; what it does not take waits.
        const int count = 120;
        using var near = new NetworkNamespace("near");
        using var far = new NetworkNamespace("far");
        near.Ip($"link add way type veth peer name way netns {far.Name}", "addr add 192.0.2.1/24 dev way", "link set way up");
        far.Ip("addr add 192.0.2.2/24 dev way", "link set way up");
        near.Exec("tc", "qdisc", "add", "dev", "way", "root", "tbf", "rate", "1mbit", "burst", "4kb", "limit", "1mb");
        using var a = near.Inside(() => UdpPeer.Bind());
        await using var rig = near.Inside(() => new RelayRig("auto"));
        rig.Options = rig.Options with { UnconfirmedReplies = 0, Listen = [new IPEndPoint(IPAddress.Parse("192.0.2.1"), 5000)] };
        near.Inside(() => StartAsync(rig, a.EndPoint).GetAwaiter().GetResult());
        using var client = far.Inside(() => Client(rig));
        client.Send("hello");
        var (_, relay) = await a.ReceiveFromAsync();

        var sent = 0L;
        for (var i = 0; i < count; i++)
        {
            var text = $"{i} {new string('x', 1400)}";
            a.SendTo(text, relay);
            sent += text.Length;
            if (i % 20 == 0)
            {
                // Not more than the relay's socket towards the destination holds.
                await EventuallyAsync(() => rig.VirtualServer.BytesSent == sent);
            }
        }

        for (var i = 0; i < count; i++)
        {
            Assert.Equal($"{i}", (await client.ReceiveAsync()).Split(' ')[0]);
        }
    }
}
