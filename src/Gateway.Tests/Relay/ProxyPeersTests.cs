using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
using Gateway.ProxyProtocol;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>HAProxy, nginx and OpenSSL as peers.</summary>
public abstract class ProxyPeersTests(string engine) : RelayTests(engine)
{
    private static readonly ValueList<IPNetwork> _loopback = [IPNetwork.Parse("127.0.0.0/8")];

    [NeedsTheory("haproxy")]
    [InlineData("send-proxy", false)]
    [InlineData("send-proxy-v2", false)]
    [InlineData("send-proxy-v2 proxy-v2-options crc32c,unique-id", true)]
    public async Task HAProxy_InFront_SaysWhoTheClientIs(string words, bool hasExtensions)
    {
        using var destination = new TcpDestination();
        await using var rig = NewRig();
        rig.Options = rig.Options with { ProxyProtocol = new() { From = _loopback, Send = 2 } };
        await rig.RunAsync(destination.EndPoint);
        await using var haproxy = await HAProxy.StartAsync(
            $"  unique-id-format gw-%pid\n", $"server s {rig.Service.Listeners[0].Bound} {words}");

        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(haproxy.EndPoint);
        await client.SendAllAsync("hello"u8.ToArray());

        var (header, rest) = await ReadHeaderAsync(destination);
        Assert.Equal((client.LocalEndPoint, client.RemoteEndPoint), (header.Source, header.Destination));
        Assert.Equal("hello", rest);
        Assert.Equal(hasExtensions, header.Extensions.Length > 0);
    }

    [NeedsTheory("haproxy")]
    [InlineData(1)]
    [InlineData(2)]
    public async Task HAProxy_Behind_AcceptsTheHeader(int version)
    {
        using var destination = new TcpDestination();
        await using var haproxy = await HAProxy.StartAsync("", $"server s {destination.EndPoint} send-proxy", "accept-proxy");
        await using var rig = NewRig();
        rig.Options = rig.Options with { ProxyProtocol = new() { Send = version } };
        await rig.RunAsync(haproxy.EndPoint);

        var client = await rig.ConnectAsync();
        await client.SendAllAsync("hello"u8.ToArray());

        // HAProxy passes on whom it takes for the client.
        var (header, rest) = await ReadHeaderAsync(destination);
        Assert.Equal(client.LocalEndPoint, header.Source);
        Assert.Equal("hello", rest);
    }

    [NeedsTheory("nginx")]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Nginx_Behind_AcceptsTheHeader(int version)
    {
        await using var nginx = await Nginx.StartAsync(
            "x", listen: "proxy_protocol", server: "location = /who { return 200 $proxy_protocol_addr:$proxy_protocol_port; }");
        await using var rig = NewRig();
        rig.Options = rig.Options with { ProxyProtocol = new() { Send = version } };
        await rig.RunAsync(nginx.EndPoint);

        var client = await rig.ConnectAsync();
        await client.SendAllAsync("GET /who HTTP/1.0\r\n\r\n"u8.ToArray());

        Assert.EndsWith(client.LocalEndPoint!.ToString()!, Encoding.ASCII.GetString(await client.ReadToEndAsync()), StringComparison.Ordinal);
    }

    [NeedsTheory("openssl")]
    [InlineData("a.example", "A")]
    [InlineData("b.example", "B")]
    public async Task OpenSsl_WithServerName_ReachesTheCertificateOfThatName(string name, string expected)
    {
        using var certificates = new TestCertificates();
        await using var a = await TlsServer.StartAsync(certificates.For("A"));
        await using var b = await TlsServer.StartAsync(certificates.For("B"));
        await using var rig = NewRig();
        rig.Options = rig.Options with { ClusterId = "a", Sni = [new("b.example", "b")] };
        rig.Store.Apply(
            [RelayRig.Cluster(a.EndPoint) with { Id = "a" }, RelayRig.Cluster(b.EndPoint) with { Id = "b" }], [rig.Options]);
        await rig.Service.StartAsync(CancellationToken.None);

        await using var openssl = DebianProcess.Start(
            "openssl", "s_client", "-connect", rig.Service.Listeners[0].Bound!.ToString(), "-servername", name);
        await Eventually.TrueAsync(() => openssl.Output.Contains("subject=CN", StringComparison.Ordinal), "the certificate came");

        Assert.Contains($"subject=CN = {expected}", openssl.Output, StringComparison.Ordinal);
    }

    /// <summary>The header and the five bytes behind it of the first connection that has them: HAProxy may also pass on the
    /// one with which the test found out that it listens.</summary>
    private static async Task<(ProxyHeader Header, string Text)> ReadHeaderAsync(TcpDestination destination)
    {
        while (true)
        {
            using var server = await destination.AcceptedAsync();
            List<byte> bytes = [];
            var buffer = new byte[256];
            while (await ReceiveAsync(server, buffer) is var count and > 0)
            {
                bytes.AddRange(buffer[..count]);
                var result = ProxyHeaderReader.Read([.. bytes], out var header, out var length);
                Assert.NotEqual(ProxyHeaderResult.Malformed, result);
                if (result == ProxyHeaderResult.Complete && bytes.Count >= length + 5)
                {
                    return (header, Encoding.ASCII.GetString([.. bytes[length..]]));
                }
            }
        }
    }

    private static async Task<int> ReceiveAsync(Socket server, byte[] buffer)
    {
        try
        {
            return await server.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (SocketException)
        {
            // HAProxy has found out that nobody is behind it.
            return 0;
        }
    }
}

public class SocketProxyPeersTests() : ProxyPeersTests("sockets");

public class LoopProxyPeersTests() : ProxyPeersTests("auto");
