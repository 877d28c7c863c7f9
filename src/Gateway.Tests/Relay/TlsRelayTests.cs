using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gateway.Clusters;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>TLS that ends at the relay, begins there, or both.</summary>
public abstract partial class TlsRelayTests(string engine) : RelayTests(engine), IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestCertificates _certificates = new();

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Tls_EndsHere_DestinationGetsPlainBytesAndBothGetTheEnd()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(new RelayTlsOptions { CertificatePath = Pem("relay.example") }, destination.EndPoint);
        await using var client = await ConnectAsync(rig);
        var server = await destination.AcceptedAsync();
        var bulk = RandomBytes(300_000);

        var sending = client.WriteAsync(bulk).AsTask();
        Assert.Equal(bulk, await server.ReadExactlyAsync(bulk.Length));
        await sending;
        var answering = server.SendAllAsync(bulk);
        var answer = new byte[bulk.Length];
        await client.ReadExactlyAsync(answer).AsTask().WaitAsync(_deadline);
        await answering;
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await client.ReadAsync(new byte[1]).AsTask().WaitAsync(_deadline));
        await client.ShutdownAsync();
        Assert.Empty(await server.ReadToEndAsync());

        Assert.Equal(bulk, answer);
        var record = await rig.EndedAsync();
        Assert.Equal((ConnectionEnd.Destination, bulk.Length, bulk.Length), (record.End, record.BytesSent, record.BytesReceived));
    }

    [Fact]
    public async Task Tls_ClientIsCutOff_DestinationIsReset()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(new RelayTlsOptions { CertificatePath = Pem("relay.example") }, destination.EndPoint);
        var socket = await rig.ConnectAsync();
        var client = await SecureAsync(socket);
        var server = await destination.AcceptedAsync();
        await client.WriteAsync(new byte[1]);
        await server.ReadExactlyAsync(1);

        // Without the end that TLS has.
        socket.Shutdown(SocketShutdown.Send);

        await server.ReadResetAsync();
        Assert.Equal(ConnectionEnd.ClientReset, (await rig.EndedAsync()).End);
    }

    [Fact]
    public async Task Tls_ClientDoesNotSpeakIt_IsResetAndCounted()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(new RelayTlsOptions { CertificatePath = Pem("relay.example") }, destination.EndPoint);
        var client = await rig.ConnectAsync();

        await client.SendAllAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());

        Assert.Equal(ConnectionEnd.Handshake, (await rig.EndedAsync()).End);
        Assert.Equal(0, rig.State("A").Flows);
    }

    [Fact]
    public async Task Tls_CertificateFileChanges_NewConnectionsGetTheNewOneAndABrokenOneIsIgnored()
    {
        var time = new FakeTime();
        using var destination = new TcpDestination();
        await using var rig = NewRig(time);
        rig.Options = rig.Options with { Tls = new RelayTlsOptions { CertificatePath = Pem("one.example") } };
        await rig.RunAsync(destination.EndPoint);
        Assert.Equal("CN=one.example", await SubjectAsync(rig));

        Pem("second.example");
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("CN=second.example", await SubjectAsync(rig));

        Write("relay.pem", "nothing that anybody could read");
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("CN=second.example", await SubjectAsync(rig));
    }

    [Fact]
    public async Task Tls_DestinationResets_ClientIsReset()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(new RelayTlsOptions { CertificatePath = Pem("relay.example") }, destination.EndPoint);
        var (client, server) = await EstablishAsync(rig, destination);
        await using var closing = client;

        server.Close(0);

        await Assert.ThrowsAsync<IOException>(() => client.ReadAsync(new byte[1]).AsTask().WaitAsync(_deadline));
        Assert.Equal(ConnectionEnd.DestinationReset, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Tls_ClientIsSilent_IsResetAfterTheHandshakeTimeout()
    {
        var time = new FakeTime();
        using var destination = new TcpDestination();
        await using var rig = NewRig(time);
        rig.Options = rig.Options with { Tls = new RelayTlsOptions { CertificatePath = Pem("relay.example") } };
        await rig.RunAsync(destination.EndPoint);
        var client = await rig.ConnectAsync();
        await Eventually.TrueAsync(() => rig.VirtualServer.Active == 1, "the client is accepted");

        // Its handshake may have begun just now, and its time with it.
        var reset = client.ReadResetAsync();
        while (!reset.IsCompleted)
        {
            time.Advance(rig.Options.HandshakeTimeout);
            await Task.WhenAny(reset, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
        }

        await reset;
        Assert.Equal(ConnectionEnd.Handshake, (await rig.EndedAsync()).End);
        Assert.Equal(0, rig.State("A").Flows);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Tls_ClosedFromOutside_ResetsBothSides()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(new RelayTlsOptions { CertificatePath = Pem("relay.example") }, destination.EndPoint);
        var (client, server) = await EstablishAsync(rig, destination);
        await using var closing = client;

        Assert.Single(rig.Service.Connections.All).Close(ConnectionEnd.Killed);

        await Assert.ThrowsAsync<IOException>(() => client.ReadAsync(new byte[1]).AsTask().WaitAsync(_deadline));
        await server.ReadResetAsync();
        Assert.Equal(ConnectionEnd.Killed, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Tls_ManyAtOnce_AreExactAndAllAccountedFor()
    {
        const int count = 100;
        using var places = new SemaphoreSlim(8);
        var bulk = RandomBytes(100_000);
        await using var destination = await TlsServer.StartAsync(_certificates.For("mail.example"));
        var options = new RelayTlsOptions { CertificatePath = Pem("relay.example"), Destinations = DestinationTls.Unverified };
        await using var rig = await StartAsync(options, destination.EndPoint);

        await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            await places.WaitAsync();
            try
            {
                await using var client = await ConnectAsync(rig);
                var sending = client.WriteAsync(bulk).AsTask();
                var answer = new byte[bulk.Length];
                await client.ReadExactlyAsync(answer).AsTask().WaitAsync(_deadline);
                await sending;
                await client.ShutdownAsync();
                Assert.Equal(bulk, answer);
            }
            finally
            {
                places.Release();
            }
        }));

        for (var i = 0; i < count; i++)
        {
            var record = await rig.EndedAsync();
            Assert.Equal((bulk.Length, bulk.Length), (record.BytesSent, record.BytesReceived));
        }

        AssertAtRest(rig);
    }

    private static async Task<string> SubjectAsync(RelayRig rig)
    {
        await using var client = await ConnectAsync(rig);
        return client.RemoteCertificate!.Subject;
    }

    private static async Task<SslStream> ConnectAsync(RelayRig rig) => await SecureAsync(await rig.ConnectAsync());

    /// <summary>Speaks TLS as a client from here on.</summary>
    private static Task<SslStream> SecureAsync(Socket socket) => SecureAsync(new NetworkStream(socket));

    private static async Task<SslStream> SecureAsync(NetworkStream stream)
    {
        var client = new SslStream(stream, false, (_, certificate, _, _) => certificate?.Issuer == "CN=Gateway test authority");
        await client.AuthenticateAsClientAsync("relay.example").WaitAsync(_deadline);
        return client;
    }

    /// <summary>Both ends of a connection that has carried a byte.</summary>
    private static async Task<(SslStream Client, Socket Server)> EstablishAsync(RelayRig rig, TcpDestination destination)
    {
        var client = await ConnectAsync(rig);
        var server = await destination.AcceptedAsync();
        await client.WriteAsync(new byte[1]);
        await server.ReadExactlyAsync(1);
        return (client, server);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    private string Pem(string name)
    {
        using var certificate = _certificates.For(name);
        using var key = certificate.GetECDsaPrivateKey()!;
        return Write("relay.pem", certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
    }

    private async Task<RelayRig> StartAsync(RelayTlsOptions options, params EndPoint[] destinations)
    {
        var rig = NewRig();
        rig.Options = rig.Options with { Tls = options };
        await rig.RunAsync(destinations);
        return rig;
    }
}

public class SocketTlsRelayTests() : TlsRelayTests("sockets");

public class LoopTlsRelayTests() : TlsRelayTests("auto");
