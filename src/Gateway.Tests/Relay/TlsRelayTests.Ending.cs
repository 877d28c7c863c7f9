using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <content>TLS that is asked to end in order.</content>
public abstract partial class TlsRelayTests
{
    [Fact]
    public async Task Tls_EndedInOrderInTheMidstOfARecord_DestinationGetsTheEndAndClientTheWholeAnswer()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(new RelayTlsOptions { CertificatePath = Pem("relay.example") }, destination.EndPoint);
        await using var stream = new TailStream(await rig.ConnectAsync());
        await using var client = await SecureAsync(stream);
        var server = await destination.AcceptedAsync();

        // Ten bytes of a record of a hundred, in one piece with a whole one: who has read that has read these.
        stream.Tail = [0x17, 3, 3, 0, 100, .. RandomBytes(10)];
        await client.WriteAsync("upload"u8.ToArray());
        Assert.Equal("upload", Encoding.ASCII.GetString(await server.ReadExactlyAsync(6)));

        Assert.Single(rig.Service.Connections.All).EndInOrder(ConnectionEnd.Drained);

        Assert.Empty(await server.ReadToEndAsync());
        await server.SendAllAsync("answer"u8.ToArray());
        server.Shutdown(SocketShutdown.Send);
        var answer = new byte[6];
        await client.ReadExactlyAsync(answer).AsTask().WaitAsync(_deadline);
        Assert.Equal("answer", Encoding.ASCII.GetString(answer));
        Assert.Equal(0, await client.ReadAsync(new byte[1]).AsTask().WaitAsync(_deadline));
        Assert.Equal(ConnectionEnd.Drained, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Tls_ClosedWhileItIsAgreedWithTheDestination_IsNoFailureOfIt()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(
            new RelayTlsOptions { Destinations = DestinationTls.Unverified }, destination.EndPoint);
        await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        await server.ReadExactlyAsync(1);

        rig.Service.Connections.CloseAll(ConnectionEnd.Killed);

        Assert.Equal(ConnectionEnd.Killed, (await rig.EndedAsync()).End);
        Assert.All(Enum.GetValues<FailureReason>(), reason => Assert.Equal(0, rig.State("A").Failures(reason)));
        AssertAtRest(rig);
    }

    /// <summary>Sends something more with each piece.</summary>
    private sealed class TailStream(Socket socket) : NetworkStream(socket)
    {
        public byte[] Tail { get; set; } = [];

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.WriteAsync((byte[])[.. buffer.Span, .. Tail], cancellationToken);
    }
}
