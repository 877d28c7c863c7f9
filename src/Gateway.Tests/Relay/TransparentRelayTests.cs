using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

public class TransparentRelayTests
{
    [NetAdminFact]
    public async Task Connection_Transparent_ComesFromTheClientsAddress()
    {
        using var destination = new TcpDestination();
        await using var rig = new RelayRig("auto");
        rig.Options = rig.Options with { Transparent = true };
        await rig.RunAsync(destination.EndPoint);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.5"), 0));

        await client.ConnectAsync(rig.Service.Listeners[0].Bound!);

        var server = await destination.AcceptedAsync();
        Assert.Equal(IPAddress.Parse("127.0.0.5"), ((IPEndPoint)server.RemoteEndPoint!).Address);
    }

    [NetAdminFact]
    public async Task Session_Transparent_ComesFromTheClientsAddress()
    {
        using var destination = UdpPeer.Bind();
        await using var rig = new RelayRig("auto");
        rig.Options = rig.Options with { Transparent = true, Protocol = "udp" };
        await rig.RunAsync(destination.EndPoint);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        client.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.5"), 0));

        await client.SendToAsync("hello"u8.ToArray(), rig.Service.Listeners[0].Bound!);

        var (text, sender) = await destination.ReceiveFromAsync();
        Assert.Equal(("hello", IPAddress.Parse("127.0.0.5")), (text, ((IPEndPoint)sender).Address));
    }

    [Fact]
    public async Task Start_SocketEngine_SaysThatItIsNotTransparent()
    {
        await using var rig = new RelayRig("sockets");
        rig.Options = rig.Options with { Transparent = true };

        var error = await Assert.ThrowsAsync<IOException>(() => rig.RunAsync(TcpDestination.Unused()));

        Assert.Contains("event loops", error.Message, StringComparison.Ordinal);
    }
}
