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
    public async Task Tls_EndedInOrderWhileTheClientGoesOnSending_ClientGetsTheWholeAnswer()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(new RelayTlsOptions { CertificatePath = Pem("relay.example") }, destination.EndPoint);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(rig.Service.Listeners[0].Bound!);
        await using var client = await SecureAsync(socket);
        var server = await destination.AcceptedAsync();
        await client.WriteAsync(new byte[1]);
        await server.ReadExactlyAsync(1);
        var connection = Assert.Single(rig.Service.Connections.All);

        connection.EndInOrder(ConnectionEnd.Drained);
        Assert.Empty(await server.ReadToEndAsync());
        await client.WriteAsync(new byte[5000]);
        var answer = RandomBytes(200_000);
        await server.SendAllAsync(answer);
        server.Shutdown(SocketShutdown.Send);
        await Eventually.TrueAsync(() => connection.BytesReceived == answer.Length, "the answer has gone to the kernel");
        await client.WriteAsync(new byte[5000]);

        var got = new byte[answer.Length];
        await client.ReadExactlyAsync(got).AsTask().WaitAsync(_deadline);
        Assert.Equal(answer, got);
        Assert.Equal(0, await client.ReadAsync(new byte[1]).AsTask().WaitAsync(_deadline));
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(ConnectionEnd.Drained, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    // The header takes a part of the time in which TLS must be agreed.
    [Fact]
    public async Task Tls_HeaderComesLate_HandshakeHasWhatIsLeft()
    {
        var time = new FakeTime();
        using var destination = new TcpDestination();
        await using var rig = NewRig(time);
        rig.Options = rig.Options with
        {
            Tls = new RelayTlsOptions { CertificatePath = Pem("relay.example") },
            ProxyProtocol = new ProxyProtocolOptions { From = [System.Net.IPNetwork.Parse("127.0.0.0/8")] },
        };
        await rig.RunAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        await Eventually.TrueAsync(() => rig.VirtualServer.Active == 1, "the client is accepted");
        time.Advance(rig.Options.HandshakeTimeout * 0.6);
        await client.SendAllAsync("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"u8.ToArray());
        await Eventually.TrueAsync(
            () => rig.Service.Connections.All.Single().Client.Port == 56324, "the header is read");

        time.Advance(rig.Options.HandshakeTimeout * 0.6);

        await client.ReadResetAsync();
        Assert.Equal(ConnectionEnd.Handshake, (await rig.EndedAsync()).End);
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
