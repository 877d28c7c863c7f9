using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
using Gateway.Relay;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>Connections that are read before they are led anywhere: PROXY protocol and TLS without terminating it.</summary>
public abstract class OpeningRelayTests(string engine) : RelayTests(engine)
{
    private static readonly ValueList<IPNetwork> _loopback = [IPNetwork.Parse("127.0.0.0/8")];

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public async Task ProxyHeader_FromTrusted_SaysWhoTheClientIs(int piece)
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(options => options with { ProxyProtocol = new() { From = _loopback } }, destination);
        var client = await rig.ConnectAsync();

        await SendInPiecesAsync(client, "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nhello"u8.ToArray(), piece);
        var server = await destination.AcceptedAsync();
        var seen = await server.ReadExactlyAsync(5);
        var connection = Assert.Single(rig.Service.Connections.All);
        Assert.Equal("192.0.2.1:56324", connection.Client.ToString());
        server.Dispose();
        client.Dispose();

        var record = await rig.EndedAsync();
        Assert.Equal("hello", Encoding.ASCII.GetString(seen));
        Assert.Equal(("192.0.2.1:56324", 5), (record.Client.ToString(), record.BytesSent));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("PROXY TCP4 1.2.3 4.5.6.7 1 2\r\n")]
    public async Task ProxyHeader_Malformed_IsResetAndCounted(string text)
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(options => options with { ProxyProtocol = new() { From = _loopback } }, destination);
        var client = await rig.ConnectAsync();

        await client.SendAllAsync(Encoding.ASCII.GetBytes(text));
        await client.ReadResetAsync();

        Assert.Equal(ConnectionEnd.ProxyHeader, (await rig.EndedAsync()).End);
        Assert.Equal(1, rig.VirtualServer.Ended(ConnectionEnd.ProxyHeader));
        Assert.Equal(0, rig.State("A").Flows);
    }

    [Fact]
    public async Task ProxyHeader_DoesNotComeInTime_IsReset()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(
            options => options with { ProxyProtocol = new() { From = _loopback }, HandshakeTimeout = TimeSpan.FromMilliseconds(100) }, destination);
        var client = await rig.ConnectAsync();

        await client.SendAllAsync("PROXY TCP4 192.0."u8.ToArray());
        await client.ReadResetAsync();

        Assert.Equal(ConnectionEnd.ProxyHeader, (await rig.EndedAsync()).End);
    }

    [Fact]
    public async Task ProxyHeader_FromOthers_IsNotLookedFor()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(
            options => options with { ProxyProtocol = new() { From = [IPNetwork.Parse("192.0.2.0/24")] } }, destination);
        var client = await rig.ConnectAsync();

        await client.SendAllAsync("PROXY TCP4"u8.ToArray());

        var server = await destination.AcceptedAsync();
        Assert.Equal("PROXY TCP4", Encoding.ASCII.GetString(await server.ReadExactlyAsync(10)));
    }

    [Fact]
    public async Task ProxyHeader_ClientComesAndGoes_IsNoFault()
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(options => options with { ProxyProtocol = new() { From = _loopback } }, destination);
        var client = await rig.ConnectAsync();

        client.Shutdown(SocketShutdown.Send);

        Assert.Empty(await client.ReadToEndAsync());
        Assert.Equal(ConnectionEnd.Client, (await rig.EndedAsync()).End);
        Assert.Equal(0, rig.State("A").Flows);
    }

    [Theory]
    [InlineData(1, "PROXY TCP4 127.0.0.1 127.0.0.1 {0} {1}\r\n")]
    public async Task Send_VersionOne_DestinationLearnsWhoTheClientIs(int version, string line)
    {
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(options => options with { ProxyProtocol = new() { Send = version } }, destination);
        var client = await rig.ConnectAsync();
        var server = await destination.AcceptedAsync();
        var expected = string.Format(
            null, line, ((IPEndPoint)client.LocalEndPoint!).Port, ((IPEndPoint)client.RemoteEndPoint!).Port);

        await client.SendAllAsync("hello"u8.ToArray());

        var seen = await server.ReadExactlyAsync(expected.Length + 5);
        Assert.Equal(expected + "hello", Encoding.ASCII.GetString(seen));
        client.Dispose();
        server.Dispose();
        Assert.Equal(5, (await rig.EndedAsync()).BytesSent);
    }

    [Fact]
    public async Task Send_VersionTwo_PassesOnWhatCameWithItsExtensions()
    {
        const string Header = "0D0A0D0A000D0A515549540A" + "2111001A" + "C0000201C6336407DC0401BB" + "02000B6578616D706C652E636F6D";
        using var destination = new TcpDestination();
        await using var rig = await StartAsync(options => options with { ProxyProtocol = new() { From = _loopback, Send = 2 } }, destination);
        var client = await rig.ConnectAsync();

        await client.SendAllAsync(Convert.FromHexString(Header + "0102"));

        var server = await destination.AcceptedAsync();
        Assert.Equal(Header + "0102", Convert.ToHexString(await server.ReadExactlyAsync(16 + 26 + 2)));
    }

    [Theory]
    [InlineData("www.example.com", null, "B", 1)]
    [InlineData("www.example.com", null, "B", int.MaxValue)]
    [InlineData("a.example.com", null, "C", int.MaxValue)]
    [InlineData("other.example", null, "A", int.MaxValue)]
    [InlineData(null, null, "A", int.MaxValue)]
    [InlineData("www.example.com", "acme-tls/1", "C", int.MaxValue)]
    public async Task Sni_Name_LeadsToItsCluster(string? name, string? protocol, string expected, int piece)
    {
        using var destinations = new ThreeDestinations();
        await using var rig = NewSniRig();
        await RunAsync(rig, destinations);
        var client = await rig.ConnectAsync();
        var hello = HelloBytes.Of(name, protocol is null ? null : [protocol], recordSize: 60);

        await SendInPiecesAsync(client, hello, piece);

        var server = await destinations[expected].AcceptedAsync();
        Assert.Equal(hello, await server.ReadExactlyAsync(hello.Length));
        await server.SendAllAsync("answer"u8.ToArray());
        Assert.Equal("answer", Encoding.ASCII.GetString(await client.ReadExactlyAsync(6)));
        var connection = Assert.Single(rig.Service.Connections.All);
        Assert.Equal(expected.ToLowerInvariant(), connection.ClusterId);
    }

    [Fact]
    public async Task Sni_ClientSpeaksSomethingElse_GoesToTheCluster()
    {
        using var destinations = new ThreeDestinations();
        await using var rig = NewSniRig();
        await RunAsync(rig, destinations);
        var client = await rig.ConnectAsync();

        await client.SendAllAsync("SSH-2.0-test\r\n"u8.ToArray());

        var server = await destinations["A"].AcceptedAsync();
        Assert.Equal("SSH-2.0-test\r\n", Encoding.ASCII.GetString(await server.ReadExactlyAsync(14)));
    }

    [Fact]
    public async Task Sni_ClientWaitsForTheServer_GoesToTheClusterAfterTheTimeout()
    {
        using var destinations = new ThreeDestinations();
        await using var rig = NewSniRig();
        rig.Options = rig.Options with { HandshakeTimeout = TimeSpan.FromMilliseconds(100) };
        await RunAsync(rig, destinations);
        var client = await rig.ConnectAsync();

        var server = await destinations["A"].AcceptedAsync();
        await server.SendAllAsync("220 mail\r\n"u8.ToArray());

        Assert.Equal("220 mail\r\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(10)));
    }

    [Theory]
    [InlineData("other.example", true)]
    [InlineData("www.example.com", false)]
    public async Task SniOnly_UnknownOrBrokenHello_IsReset(string name, bool whole)
    {
        using var destinations = new ThreeDestinations();
        await using var rig = NewSniRig();
        rig.Options = rig.Options with { SniOnly = true, HandshakeTimeout = TimeSpan.FromMilliseconds(300) };
        await RunAsync(rig, destinations);
        var client = await rig.ConnectAsync();
        var hello = HelloBytes.Of(name);

        await client.SendAllAsync(whole ? hello : hello[..40]);
        await client.ReadResetAsync();

        Assert.Equal(ConnectionEnd.Handshake, (await rig.EndedAsync()).End);
    }

    [Fact]
    public async Task Sni_BehindAProxy_BothAreRead()
    {
        using var destinations = new ThreeDestinations();
        await using var rig = NewSniRig();
        rig.Options = rig.Options with { ProxyProtocol = new() { From = _loopback, Send = 1 } };
        await RunAsync(rig, destinations);
        var client = await rig.ConnectAsync();
        var header = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"u8.ToArray();
        byte[] sent = [.. header, .. HelloBytes.Of("www.example.com")];

        await SendInPiecesAsync(client, sent, 30);

        var server = await destinations["B"].AcceptedAsync();
        Assert.Equal(sent, await server.ReadExactlyAsync(sent.Length));
    }

    private static async Task SendInPiecesAsync(Socket client, byte[] bytes, int size)
    {
        client.NoDelay = true;
        foreach (var piece in bytes.Chunk(size))
        {
            await client.SendAllAsync(piece);
            await Task.Yield();
        }
    }

    private async Task<RelayRig> StartAsync(
        Func<VirtualServerOptions, VirtualServerOptions> change, TcpDestination destination)
    {
        var rig = NewRig();
        rig.Options = change(rig.Options);
        await rig.RunAsync(destination.EndPoint);
        return rig;
    }

    private RelayRig NewSniRig()
    {
        var rig = NewRig();
        rig.Options = rig.Options with
        {
            ClusterId = "a",
            Sni = [new("www.example.com", "b"), new("*.example.com", "c")],
            Alpn = [new("acme-tls/1", "c")],
        };
        return rig;
    }

    /// <summary>Clusters a, b and c, each with one destination.</summary>
    private static Task RunAsync(RelayRig rig, ThreeDestinations destinations)
    {
        rig.Store.Apply(
            [.. new[] { "a", "b", "c" }.Select(id => RelayRig.Cluster(destinations[id.ToUpperInvariant()].EndPoint) with { Id = id })],
            [rig.Options]);
        return rig.Service.StartAsync(CancellationToken.None);
    }

    private sealed class ThreeDestinations : IDisposable
    {
        private readonly TcpDestination[] _all = [new(), new(), new()];

        public TcpDestination this[string name] => _all[name[0] - 'A'];

        public void Dispose() => Array.ForEach(_all, destination => destination.Dispose());
    }
}

public class SocketOpeningRelayTests() : OpeningRelayTests("sockets");

public class LoopOpeningRelayTests() : OpeningRelayTests("auto");
