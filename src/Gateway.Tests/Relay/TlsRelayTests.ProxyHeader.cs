using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
using Gateway.ProxyProtocol;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <content>The PROXY protocol around TLS.</content>
public abstract partial class TlsRelayTests
{
    [Fact]
    public async Task Tls_EndsHereBehindAProxy_HeaderIsReadBeforeTlsAndPassedOn()
    {
        const string header = "PROXY TCP4 192.0.2.1 192.0.2.2 1111 2222\r\n";
        using var destination = new TcpDestination();
        await using var rig = NewRig();
        rig.Options = rig.Options with
        {
            Tls = new RelayTlsOptions { CertificatePath = Pem("relay.example") },
            ProxyProtocol = new() { From = [IPNetwork.Parse("127.0.0.0/8")], Send = 1 },
        };
        await rig.RunAsync(destination.EndPoint);
        var socket = await rig.ConnectAsync();
        await socket.SendAllAsync(Encoding.ASCII.GetBytes(header));
        await using var client = await SecureAsync(socket);

        await client.WriteAsync("hello"u8.ToArray());

        var server = await destination.AcceptedAsync();
        Assert.Equal(header + "hello", Encoding.ASCII.GetString(await server.ReadExactlyAsync(header.Length + 5)));
        server.Close(0);
        Assert.Equal(IPEndPoint.Parse("192.0.2.1:1111"), (await rig.EndedAsync()).Client);
    }

    [Fact]
    public async Task Tls_BeginsHere_HeaderComesBeforeTheHandshake()
    {
        // Signature, version, command, family, length (proxy-protocol.txt, section 2.2), and two IPv4 endpoints.
        const int headerLength = 16 + 12;
        using var destination = new TcpDestination();
        await using var rig = NewRig();
        rig.Options = rig.Options with
        {
            Tls = new RelayTlsOptions { Destinations = DestinationTls.Unverified },
            ProxyProtocol = new() { Send = 2 },
        };
        await rig.RunAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        await client.SendAllAsync("hello"u8.ToArray());

        var socket = await destination.AcceptedAsync();
        var bytes = await socket.ReadExactlyAsync(headerLength);
        await using var server = new SslStream(new NetworkStream(socket));
        await server.AuthenticateAsServerAsync(_certificates.For("mail.example")).WaitAsync(_deadline);
        var text = new byte[5];
        await server.ReadExactlyAsync(text).AsTask().WaitAsync(_deadline);

        Assert.Equal(ProxyHeaderResult.Complete, ProxyHeaderReader.Read(bytes, out var header, out _));
        Assert.Equal(client.LocalEndPoint, header.Source);
        Assert.Equal("hello", Encoding.ASCII.GetString(text));
    }
}
