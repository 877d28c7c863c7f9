using Gateway.Clusters;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <content>What a reload, or a word on its destination, makes of a session.</content>
public partial class UdpRelayTests
{
    [LinuxTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Session_PortGoesToAnotherVirtualServer_NextDatagramGoesToItsDestinations(bool isClusterKept)
    {
        using var a = UdpPeer.Bind();
        using var b = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), a.EndPoint);
        using var client = Client(rig);
        await RoundTripAsync(client, a, "one");
        var before = rig.VirtualServer;

        var next = RelayRig.Cluster(b.EndPoint) with { Id = "c2" };
        rig.Store.Apply(
            isClusterKept ? [RelayRig.Cluster(a.EndPoint), next] : [next],
            [rig.Options with { Id = "vs2", ClusterId = "c2" }]);

        await RoundTripAsync(client, b, "two");
        var ended = await rig.EndedAsync();
        Assert.Equal((ConnectionEnd.Stopped, "vs", "c"), (ended.End, ended.VirtualServerId, ended.ClusterId));
        Assert.Equal((0, 1), (before.Active, rig.VirtualServer.Active));
        Assert.Equal(0, ended.Destination!.State.Inactive);
    }

    [LinuxFact]
    public async Task Session_PortGoesToAnotherVirtualServerOfItsCluster_GoesOn()
    {
        using var a = UdpPeer.Bind();
        using var b = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), a.EndPoint, b.EndPoint);
        using var client = Client(rig);
        await RoundTripAsync(client, a, "one");

        rig.Store.Apply([RelayRig.Cluster(a.EndPoint, b.EndPoint)], [rig.Options with { Id = "vs2" }]);

        await RoundTripAsync(client, a, "two");
        Assert.Equal((1, 1), (rig.State("A").Inactive, rig.State("A").Flows));
        Assert.Equal(1, rig.Service.Connections.Count);
    }

    [LinuxFact]
    public async Task Session_PortGoesToAnotherVirtualServerAndNobodyTakesTheDatagram_NextOneGoesToItsDestinations()
    {
        var b = UdpPeer.Bind();
        using var a = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), a.EndPoint, b.EndPoint);
        using var first = Client(rig);
        await RoundTripAsync(first, a, "one");
        using var client = Client(rig);
        await RoundTripAsync(client, b, "one");
        rig.Store.Apply([RelayRig.Cluster(a.EndPoint, b.EndPoint)], [rig.Options with { Id = "vs2" }]);
        await RoundTripAsync(client, b, "two");

        b.Dispose();
        client.Send("lost");
        Assert.Equal(ConnectionEnd.Stopped, (await rig.EndedAsync()).End);
        client.Send("found");

        Assert.Equal("found", await a.ReceiveAsync());
        Assert.Equal(1, rig.VirtualServer.Active);
    }

    [LinuxTheory]
    [InlineData("Maintenance")]
    [InlineData("Down")]
    [InlineData(null)]
    public async Task Session_AgentOrPersonTakesItsDestinationOut_GoesOn(string? agentOrder)
    {
        using var a = UdpPeer.Bind();
        using var b = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), a.EndPoint, b.EndPoint);
        using var client = Client(rig);
        await RoundTripAsync(client, a, "one");

        if (agentOrder is not null)
        {
            rig.Store.SetAgent(
                rig.Store.Current.FindCluster("c")!.Find("A")!,
                new AgentWord(Enum.Parse<AgentOrder>(agentOrder), "it said so", DateTimeOffset.UnixEpoch));
        }
        else
        {
            rig.Store.SetAdmin("c", "A", new AdminWord(AdminOrder.Maintenance, "anna", "", TimeProvider.System.GetUtcNow()));
        }

        Assert.False(rig.Store.Current.FindCluster("c")!.Find("A")!.IsUp);
        await RoundTripAsync(client, a, "two");
    }

    [LinuxTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Session_MachinesFindItsDestinationDead_NextDatagramGoesElsewhere(bool byProbe)
    {
        using var a = UdpPeer.Bind();
        using var b = UdpPeer.Bind();
        await using var rig = await StartAsync(new RelayRig("auto"), a.EndPoint, b.EndPoint);
        rig.Store.Apply([RelayRig.Cluster(a.EndPoint, b.EndPoint) with { Probe = new ProbeOptions { InitiallyUp = true } }], [rig.Options]);
        using var client = Client(rig);
        await RoundTripAsync(client, a, "one");

        var first = rig.Store.Current.FindCluster("c")!.Find("A")!;
        if (byProbe)
        {
            rig.Store.SetProbe(first, ProbeVerdict.Down, "refused");
        }
        else
        {
            rig.Store.SetPassive(first, new PassiveWord("5 times connect_refused", DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue));
        }

        await RoundTripAsync(client, b, "two");
    }
}
