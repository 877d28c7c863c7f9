using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Clusters;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>What a client is told that no destination can serve.</summary>
public abstract class SorryRelayTests(string engine) : RelayTests(engine)
{
    private const string Busy = "421 4.3.2 mail.example busy\r\n";

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(50_000)]
    public async Task Sorry_NobodyInService_IsSentWithAnOrderlyEnd(int sent)
    {
        await using var rig = await StartAsync(null);
        var client = await rig.ConnectAsync();
        await client.SendAllAsync(new byte[sent]);

        Assert.Equal(Busy, Encoding.ASCII.GetString(await client.ReadToEndAsync()));

        client.Dispose();
        var record = await rig.EndedAsync();
        Assert.Equal((ConnectionEnd.NoDestination, Busy.Length), (record.End, record.BytesReceived));
        Assert.Equal((Busy.Length, 1), (rig.VirtualServer.BytesSent, rig.VirtualServer.Ended(ConnectionEnd.NoDestination)));
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Sorry_ClientHasClosedItsHalf_IsSentAllTheSame()
    {
        await using var rig = await StartAsync(null);
        var client = await rig.ConnectAsync();
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(Busy, Encoding.ASCII.GetString(await client.ReadToEndAsync()));
        Assert.Equal(ConnectionEnd.NoDestination, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Sorry_NobodyCanBeReached_IsSent()
    {
        await using var rig = await StartAsync(null, TcpDestination.Unused());
        var client = await rig.ConnectAsync();

        Assert.Equal(Busy, Encoding.ASCII.GetString(await client.ReadToEndAsync()));

        client.Dispose();
        Assert.Equal(ConnectionEnd.ConnectFailed, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Sorry_QueueIsFullOrLate_IsSent()
    {
        var time = new FakeTime();
        using var destination = new TcpDestination();
        await using var rig = NewRig(time);
        rig.Options = rig.Options with { Sorry = new RelaySorryOptions { Body = Busy } };
        var cluster = RelayRig.Cluster(destination.EndPoint);
        rig.Store.Apply(
            [cluster with
            {
                Queue = new QueueOptions { Length = 1 },
                Destinations = [cluster.Destinations[0] with { MaxConnections = 1 }],
            }],
            [rig.Options]);
        await rig.Service.StartAsync(CancellationToken.None);
        await rig.ConnectAsync();
        await destination.AcceptedAsync();
        var late = await rig.ConnectAsync();
        await Eventually.TrueAsync(() => rig.Queues.Find("c")?.Count == 1, "the second waits");
        var refused = await rig.ConnectAsync();

        Assert.Equal(Busy, Encoding.ASCII.GetString(await refused.ReadToEndAsync()));
        refused.Dispose();
        Assert.Equal(ConnectionEnd.QueueFull, (await rig.EndedAsync()).End);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(Busy, Encoding.ASCII.GetString(await late.ReadToEndAsync()));
        late.Dispose();
        Assert.Equal(ConnectionEnd.QueueTimeout, (await rig.EndedAsync()).End);
    }

    [Fact]
    public async Task Sorry_ClientDoesNotClose_IsResetAfterAWhile()
    {
        var time = new FakeTime();
        await using var rig = await StartAsync(time);
        var client = await rig.ConnectAsync();
        await client.ReadExactlyAsync(Busy.Length);
        Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WaitAsync(_deadline));
        Assert.Equal(1, rig.VirtualServer.Active);

        // Its time may have begun just now.
        while (rig.Service.Connections.Count > 0)
        {
            time.Advance(TimeSpan.FromSeconds(3));
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        Assert.Equal(ConnectionEnd.NoDestination, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Sorry_ClientSendsWithoutEnd_IsReset()
    {
        await using var rig = NewRig(new FakeTime());
        rig.Options = rig.Options with { Sorry = new RelaySorryOptions { Body = Busy } };
        await rig.RunAsync();
        var client = await rig.ConnectAsync();

        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            var bytes = new byte[64 * 1024];
            for (var sent = 0; sent < 100 * 1024 * 1024; sent += bytes.Length)
            {
                await client.SendAllAsync(bytes);
            }
        });

        Assert.Equal(ConnectionEnd.NoDestination, (await rig.EndedAsync()).End);
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Sorry_GatewayStopsMeanwhile_IsCutOff()
    {
        await using var rig = await StartAsync(new FakeTime());
        var client = await rig.ConnectAsync();
        await client.ReadExactlyAsync(Busy.Length);

        await rig.Service.StopAsync(new CancellationToken(canceled: true)).WaitAsync(_deadline);

        Assert.Equal(ConnectionEnd.NoDestination, (await rig.EndedAsync()).End);
    }

    [Fact]
    public async Task Sorry_TlsEndsHere_IsSentThroughItWithItsEnd()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        using var certificate = certificates.For("relay.example");
        using var key = certificate.GetECDsaPrivateKey()!;
        var path = Path.Combine(folder.Path, "relay.pem");
        await File.WriteAllTextAsync(path, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        await using var rig = NewRig();
        rig.Options = rig.Options with
        {
            Sorry = new RelaySorryOptions { Body = Busy },
            Tls = new RelayTlsOptions { CertificatePath = path },
        };
        await rig.RunAsync();
        var socket = await rig.ConnectAsync();
        await using var client = new SslStream(new NetworkStream(socket), false, (_, shown, _, _) => shown?.Issuer == "CN=Gateway test authority");
        await client.AuthenticateAsClientAsync("relay.example").WaitAsync(_deadline);
        await client.WriteAsync(new byte[20_000]);

        using var reader = new StreamReader(client);
        Assert.Equal(Busy, await reader.ReadToEndAsync().WaitAsync(_deadline));

        socket.Dispose();
        var record = await rig.EndedAsync();
        Assert.Equal((ConnectionEnd.NoDestination, Busy.Length), (record.End, record.BytesReceived));
        AssertAtRest(rig);
    }

    [Fact]
    public async Task Sorry_OfAReload_IsTheNewOne()
    {
        await using var rig = await StartAsync(null);
        rig.Options = rig.Options with { Sorry = new RelaySorryOptions { BodyHex = "15 03 03" } };
        rig.Apply();

        var told = await rig.ConnectAsync();
        Assert.Equal([0x15, 3, 3], await told.ReadToEndAsync());
        told.Dispose();
        await rig.EndedAsync();

        rig.Options = rig.Options with { Sorry = null };
        rig.Apply();
        await rig.ConnectResetAsync();
    }

    [Fact]
    public async Task Sorry_LimitIsReached_IsResetAllTheSame()
    {
        using var destination = new TcpDestination();
        await using var rig = NewRig();
        rig.Options = rig.Options with { MaxConnections = 1, Sorry = new RelaySorryOptions { Body = Busy } };
        await rig.RunAsync(destination.EndPoint);
        await rig.ConnectAsync();
        await destination.AcceptedAsync();

        await rig.ConnectResetAsync();

        Assert.Equal(ConnectionEnd.Limit, (await rig.EndedAsync()).End);
    }

    private async Task<RelayRig> StartAsync(TimeProvider? time, params EndPoint[] destinations)
    {
        var rig = NewRig(time);
        rig.Options = rig.Options with { Sorry = new RelaySorryOptions { Body = Busy } };
        await rig.RunAsync(destinations);
        return rig;
    }
}

public class SocketSorryRelayTests() : SorryRelayTests("sockets");

public class LoopSorryRelayTests() : SorryRelayTests("auto");
