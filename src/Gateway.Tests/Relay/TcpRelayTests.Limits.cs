using System.Net;
using System.Net.Sockets;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <content>Timeouts and limits.</content>
public abstract partial class TcpRelayTests
{
    [Fact]
    public async Task Connection_Idle_IsResetAfterTheIdleTimeout()
    {
        using var destination = new TcpDestination();
        var time = new FakeTime();
        await using var rig = NewRig(time);
        await rig.RunAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        await client.SendAllAsync("x"u8.ToArray());
        await server.ReadExactlyAsync(1);

        time.Advance(rig.Options.IdleTimeout - TimeSpan.FromSeconds(2));
        await client.SendAllAsync("y"u8.ToArray());
        await server.ReadExactlyAsync(1);
        time.Advance(rig.Options.IdleTimeout - TimeSpan.FromSeconds(2));
        Assert.Equal(1, rig.Service.Connections.Count);
        time.Advance(TimeSpan.FromSeconds(4));

        await client.ReadResetAsync();
        await server.ReadResetAsync();
        Assert.Equal(ConnectionEnd.Idle, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Connection_HalfClosedAndSilent_IsResetAfterTheHalfClosedTimeout()
    {
        using var destination = new TcpDestination();
        var time = new FakeTime();
        await using var rig = NewRig(time);
        await rig.RunAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        client.Shutdown(SocketShutdown.Send);
        await server.ReadToEndAsync();

        time.Advance(rig.Options.HalfClosedTimeout + TimeSpan.FromSeconds(2));

        await client.ReadResetAsync();
        Assert.Equal(ConnectionEnd.HalfClosed, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Connection_OverTheLimit_IsReset()
    {
        using var destination = new TcpDestination();
        await using var rig = NewRig();
        rig.Options = rig.Options with { MaxConnections = 1 };
        await rig.RunAsync(destination.EndPoint);
        await rig.ConnectAsync();
        await destination.AcceptedAsync();

        await rig.ConnectResetAsync();

        Assert.Equal(ConnectionEnd.Limit, (await rig.EndedAsync()).End);
        Assert.Equal((2, 1), (rig.VirtualServer.Accepted, rig.VirtualServer.Active));
    }

    [Fact]
    public async Task Connection_OverTheLimitOfItsClient_IsResetAndOthersAreNot()
    {
        using var destination = new TcpDestination();
        await using var rig = NewRig();
        rig.Options = rig.Options with { MaxConnectionsPerClient = 1 };
        await rig.RunAsync(destination.EndPoint);
        var first = await rig.ConnectAsync();
        await destination.AcceptedAsync();

        await rig.ConnectResetAsync();
        Assert.Equal(ConnectionEnd.Limit, (await rig.EndedAsync()).End);
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        await other.ConnectAsync(rig.Service.Listeners[0].Bound!);
        (await destination.AcceptedAsync()).Dispose();
        other.Dispose();
        await rig.EndedAsync();

        first.Close(0);
        await rig.EndedAsync();
        await rig.ConnectAsync();
        await destination.AcceptedAsync();
    }
}
