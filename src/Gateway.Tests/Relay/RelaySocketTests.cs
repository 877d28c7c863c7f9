using System.Net;
using System.Net.Sockets;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

public class RelaySocketTests
{
    [LinuxFact]
    public async Task TryEndReading_ResetThatAWriterWasToldOf_IsNoEnd()
    {
        var (near, far) = await PairAsync();
        far.Close(0);

        // The writer is told of the reset, and the reader then sees what looks like an end.
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (true)
            {
                await near.SendAsync("x"u8.ToArray());
            }
        });
        Assert.Equal(0, await near.ReceiveAsync(new byte[1]));

        Assert.False(RelaySocket.TryEndReading(near));
        near.Dispose();
    }

    [Fact]
    public async Task TryEndReading_ClosedInOrder_IsTheEnd()
    {
        var (near, far) = await PairAsync();
        far.Dispose();
        Assert.Equal(0, await near.ReceiveAsync(new byte[1]));

        Assert.True(RelaySocket.TryEndReading(near));
        near.Dispose();
    }

    private static async Task<(Socket Near, Socket Far)> PairAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await near.ConnectAsync(listener.LocalEndPoint!);
        return (near, await listener.AcceptAsync());
    }
}
