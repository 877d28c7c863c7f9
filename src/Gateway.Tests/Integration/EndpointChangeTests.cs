using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Http.Plain;
using Gateway.Tests.Support;

namespace Gateway.Tests.Integration;

/// <summary>An HTTP endpoint is changed, removed, or given another certificate while it serves.</summary>
public sealed class EndpointChangeTests : IDisposable
{
    private readonly TcpDestination _destination = new();
    private readonly int _port = FreePort.On(IPAddress.Loopback);

    public static IEnumerable<object[]> Variants => [[LaneRig.Lane], [LaneRig.Pipeline], [new HttpVariant("loops", "yarp")]];

    [LinuxTheory]
    [MemberData(nameof(Variants))]
    public async Task Changed_NewClientsAreServedAtOnce_AndARequestInProgressGoesOn(HttpVariant variant)
    {
        await using var gateway = await RunningGateway.StartAsync(variant.Configure(Configuration("")));
        using var first = new HttpClient();
        var asking = first.GetStringAsync(Address("http"));
        using var slow = await AskedAsync();

        await gateway.ReloadAsync(variant.Configure(Configuration(""", "Protocols": "Http1" """)));

        await AssertServedAsync(Address("http"));
        Assert.False(asking.IsCompleted);
        await AnswerAsync(slow, "late");
        Assert.Equal("late", await asking);
    }

    [LinuxTheory]
    [MemberData(nameof(Variants))]
    public async Task Changed_AnUpgradedConnectionGoesOn_AndIsEndedWithTheProgram(HttpVariant variant)
    {
        var gateway = await RunningGateway.StartAsync(variant.Configure(Configuration("")));
        await using var whatever = gateway;
        using var client = await ConnectAsync();
        await client.SendAllAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n"u8.ToArray());
        using var accepted = await AskedAsync();
        await accepted.SendAllAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n"u8.ToArray());
        await ReadUntilAsync(client, "\r\n\r\n");

        await gateway.ReloadAsync(variant.Configure(Configuration(""", "Protocols": "Http1" """)));
        await AssertServedAsync(Address("http"));

        await client.SendAllAsync("to"u8.ToArray());
        await ReadUntilAsync(accepted, "to");
        await accepted.SendAllAsync("fro"u8.ToArray());
        await ReadUntilAsync(client, "fro");
        await gateway.DisposeAsync();
        await AssertEndsAsync(client);
    }

    [LinuxFact]
    public async Task Changed_ManyTimes_NoNewClientIsRefused()
    {
        using var destination = new WireDestination();
        destination.On("/", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var gateway = await RunningGateway.StartAsync(LaneRig.Lane.Configure(Configuration("", destination: destination.Address)));
        using var enough = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(async _ =>
        {
            var answers = 0;
            for (; !enough.IsCancellationRequested; answers++)
            {
                using var client = new WireClient(await ConnectAsync());
                await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
                Assert.Equal("ok"u8.ToArray(), (await client.Reader.ReadAnswerAsync()).Body);
            }

            return answers;
        }).ToArray();

        foreach (var protocols in new[] { "Http1", "Http1AndHttp2", "Http1" })
        {
            await gateway.ReloadAsync(LaneRig.Lane.Configure(Configuration($""", "Protocols": "{protocols}" """, destination: destination.Address)));
        }

        await enough.CancelAsync();
        Assert.All(await Task.WhenAll(clients), answers => Assert.NotEqual(0, answers));
    }

    [LinuxFact]
    public async Task Removed_NobodyListens_AndARequestInProgressGoesOn()
    {
        await using var gateway = await RunningGateway.StartAsync(LaneRig.Pipeline.Configure(Configuration("")));
        using var first = new HttpClient();
        var asking = first.GetStringAsync(Address("http"));
        using var slow = await AskedAsync();

        await gateway.ReloadAsync(LaneRig.Pipeline.Configure(Proxy(""" "Other": { "Url": "http://127.0.0.1:0" } """)));

        await Eventually.TrueAsync(async () => await Record.ExceptionAsync(ConnectAsync) is SocketException, "nobody listens");
        await AnswerAsync(slow, "late");
        Assert.Equal("late", await asking);
    }

    [LinuxFact]
    public async Task CertificateReplaced_NewClientsGetIt_AndARequestInProgressGoesOn()
    {
        using var certificates = new TestCertificates();
        using var folder = new TemporaryFolder();
        using var before = certificates.For("before.test");
        var (certificate, key) = TestCertificates.Write(before, folder);
        await using var gateway = await RunningGateway.StartAsync(Proxy($$"""
            "Https": { "Url": "https://127.0.0.1:{{_port}}", "Certificate": { "Path": "{{certificate}}", "KeyPath": "{{key}}" } }
            """));
        using var first = Trusting(certificates.Authority, out var seen);
        var asking = first.GetStringAsync(Address("https"));
        using var slow = await AskedAsync();

        using var after = certificates.For("after.test");
        using var next = new TemporaryFolder();
        var (nextCertificate, nextKey) = TestCertificates.Write(after, next);
        File.Move(nextKey, key, overwrite: true);
        File.Move(nextCertificate, certificate, overwrite: true);

        await Eventually.TrueAsync(async () =>
        {
            using var second = Trusting(certificates.Authority, out var shown);
            var answering = AnswerNextAsync("new");
            return await Record.ExceptionAsync(() => second.GetStringAsync(Address("https"))) is null
                && await answering && shown.Contains("CN=after.test");
        }, "new clients get the new certificate");
        Assert.False(asking.IsCompleted);
        await AnswerAsync(slow, "late");
        Assert.Equal("late", await asking);
        Assert.Equal("CN=before.test", Assert.Single(seen));
    }

    /// <summary>Kestrel looks at its time limits once a second for the connections that it has.</summary>
    [LinuxFact]
    public async Task Changed_TimeLimitsOfARequestInProgressHold()
    {
        const string Limits = """ "Limits": { "MinRequestBodyDataRate": { "BytesPerSecond": 240, "GracePeriod": "00:00:01.5" } }, """;
        await using var gateway = await RunningGateway.StartAsync(LaneRig.Pipeline.Configure(Configuration("", Limits)));
        using var client = await ConnectAsync();
        await client.SendAllAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nsome"u8.ToArray());
        using var accepted = await AskedAsync();

        await gateway.ReloadAsync(LaneRig.Pipeline.Configure(Configuration(""", "Protocols": "Http1" """, Limits)));
        await AssertServedAsync(Address("http"));

        await AssertEndsAsync(client);
    }

    public void Dispose() => _destination.Dispose();

    private static HttpClient Trusting(X509Certificate2 authority, out ConcurrentQueue<string> subjects)
    {
        var seen = subjects = new ConcurrentQueue<string>();
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            seen.Enqueue(certificate!.Subject);
            return certificate.Issuer == authority.Subject;
        };
        return new HttpClient(handler);
    }

    private static Task AnswerAsync(Socket accepted, string body) => accepted.SendAllAsync(
        Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));

    private static async Task ReadUntilAsync(Socket socket, string what)
    {
        var text = "";
        var buffer = new byte[1000];
        while (!text.Contains(what, StringComparison.Ordinal))
        {
            var received = await socket.ReceiveAsync(buffer);
            Assert.True(received > 0, $"the connection ended after '{text}'");
            text += Encoding.ASCII.GetString(buffer, 0, received);
        }
    }

    /// <summary>The other side closes or resets it.</summary>
    private static Task AssertEndsAsync(Socket socket) => Eventually.TrueAsync(async () =>
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1000]) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }, "the connection has ended");

    private string Address(string scheme) => $"{scheme}://127.0.0.1:{_port}/";

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, _port);
        return socket;
    }

    private async Task<Socket> AskedAsync()
    {
        var accepted = await _destination.AcceptedAsync();
        await ReadUntilAsync(accepted, "\r\n\r\n");
        return accepted;
    }

    private async Task<bool> AnswerNextAsync(string body)
    {
        using var accepted = await AskedAsync();
        await AnswerAsync(accepted, body);
        return true;
    }

    /// <summary>A new client is answered; until the endpoint is begun anew, it is refused.</summary>
    private async Task AssertServedAsync(string address)
    {
        var answering = AnswerNextAsync("new");
        using var client = new HttpClient();
        await Eventually.TrueAsync(
            async () => await Record.ExceptionAsync(async () => Assert.Equal("new", await client.GetStringAsync(address))) is null,
            "a new client is answered");
        await answering;
    }

    private string Configuration(string endpoint, string limits = "", string? destination = null) =>
        Proxy($$""" "Http": { "Url": "http://127.0.0.1:{{_port}}"{{endpoint}} } """, limits, destination);

    private string Proxy(string endpoint, string limits = "", string? destination = null) =>
        Json.Proxy("rr", [Json.Destination("a", destination ?? $"http://{_destination.EndPoint}")]).Insert(1, $$"""
            "Kestrel": { {{limits}} "Endpoints": { {{endpoint}} } },
            """);
}
