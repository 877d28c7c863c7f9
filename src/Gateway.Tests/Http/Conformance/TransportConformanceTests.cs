using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Gateway.Tests.Http.Conformance;

/// <summary>What Kestrel does with connections must still be done, over every stack: TLS, HTTP/2, limits, slow clients, an
/// end in order.</summary>
public sealed class TransportConformanceTests
{
    private const int Large = 24 * 1024 * 1024;
    private const int Chunk = 64 * 1024;

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    public static IEnumerable<object[]> Stacks => HttpVariant.All.Select(stack => new object[] { stack });

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Tls_BothVersions_ManyRequestsAtOnceBothWays(HttpVariant stack)
    {
        await using var destination = await HttpDestination.StartAsync("a", EchoAsync);
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(WithTls(Json.Proxy("rr", [Json.Destination("a", destination.Address)]), certificates, folder)));
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var client = Client(gateway, certificates);
            await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
            {
                var body = RandomNumberGenerator.GetBytes(i * 3001);
                using var request = new HttpRequestMessage(HttpMethod.Post, $"/{i}")
                {
                    Version = version,
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                    Content = new ByteArrayContent(body),
                };
                using var answer = await client.SendAsync(request).WaitAsync(_deadline);

                Assert.Equal((version, HttpStatusCode.OK), (answer.Version, answer.StatusCode));
                Assert.Equal(body, await answer.Content.ReadAsByteArrayAsync());
            }));
        }
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task SlowClient_GetsAllAndHoldsNoMoreThanABuffer(HttpVariant stack)
    {
        var body = Pattern(Large + KernelBuffers.Most());
        var taken = 0L;
        await using var destination = await HttpDestination.StartAsync("a", async context =>
        {
            if (context.Request.Path != "/")
            {
                return;
            }

            context.Response.ContentLength = body.Length;
            foreach (var chunk in body.Chunk(Chunk))
            {
                await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
                Interlocked.Add(ref taken, chunk.Length);
            }
        });
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));
        using var socket = await ConnectAsync(gateway, Chunk);
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray());
        Assert.True(await socket.ReceiveAsync(new byte[1]).WaitAsync(_deadline) == 1);
        // Nothing is read, so what comes from the destination must come to a halt.
        await HeldUpAsync(
            () => Interlocked.Read(ref taken), async () => await gateway.Client.GetStringAsync("/other"), "the destination is held up");

        Assert.True(Interlocked.Read(ref taken) < body.Length, $"{taken} were taken");
        var rest = await socket.ReadToEndAsync();
        Assert.Equal(body, rest.AsSpan(rest.AsSpan().IndexOf("\r\n\r\n"u8) + 4).ToArray());
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task SlowDestination_HoldsUpTheClient(HttpVariant stack)
    {
        using var destination = new TcpDestination();
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")])));
        using var socket = await ConnectAsync(gateway);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {Large}\r\n\r\n"));
        using var accepted = await destination.AcceptedAsync();
        var taken = 0L;
        var sending = SendAsync();

        await HeldUpAsync(() => Interlocked.Read(ref taken), AskAsync, "the client is held up");
        Assert.False(sending.IsCompleted);

        var request = await new WireReader(accepted).ReadRequestAsync();
        await sending;
        Assert.Equal(Pattern(Large), request!.Body);
        await accepted.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
        Assert.Equal("ok", (await new WireReader(socket).ReadAnswerAsync()).Text);

        async Task SendAsync()
        {
            foreach (var chunk in Pattern(Large).Chunk(Chunk))
            {
                await socket.SendAllAsync(chunk);
                Interlocked.Add(ref taken, chunk.Length);
            }
        }

        async Task AskAsync()
        {
            var asking = gateway.Client.GetStringAsync("/other");
            using var other = await destination.AcceptedAsync();
            await new WireReader(other).ReadRequestAsync();
            await other.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
            await asking.WaitAsync(_deadline);
        }
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task MaxConcurrentConnections_ClosesTheNext(HttpVariant stack)
    {
        await using var destination = await HttpDestination.StartAsync("a");
        var json = Json.Proxy("rr", [Json.Destination("a", destination.Address)]);
        await using var gateway = await RunningGateway.StartAsync(stack.Configure(json.Insert(json.IndexOf('{') + 1, """
            "Kestrel": { "Limits": { "MaxConcurrentConnections": 2 }, "Endpoints": { "Http": { "Url": "http://127.0.0.1:0" } } },
            """)));
        using var first = await ConnectAsync(gateway);
        using var second = await ConnectAsync(gateway);
        foreach (var socket in new[] { first, second })
        {
            await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
            Assert.Equal(200, (await new WireReader(socket).ReadAnswerAsync()).Status);
        }

        using var third = await ConnectAsync(gateway);
        var thrown = await Record.ExceptionAsync(async () =>
        {
            await third.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
            Assert.Equal(0, await third.ReceiveAsync(new byte[1]).WaitAsync(_deadline));
        });
        Assert.True(thrown is null or SocketException, $"{thrown}");
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Stop_RequestInProgress_IsCompleted(HttpVariant stack)
    {
        var go = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        await using var destination = await HttpDestination.StartAsync("a", async context =>
        {
            arrived.TrySetResult();
            await go.Task;
            await context.Response.WriteAsync("done");
        });
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));
        using var idle = await ConnectAsync(gateway);
        var asking = gateway.Client.GetStringAsync("/");
        await arrived.Task.WaitAsync(_deadline);

        var stopping = gateway.Services.GetRequiredService<IHost>().StopAsync();
        await Eventually.TrueAsync(async () =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            return await Record.ExceptionAsync(() => socket.ConnectAsync("127.0.0.1", gateway.Client.BaseAddress!.Port)) is not null;
        }, "no connection is taken any more");
        go.SetResult();

        Assert.Equal("done", await asking.WaitAsync(_deadline));
        await stopping.WaitAsync(_deadline);
        Assert.Equal(0, await idle.ReceiveAsync(new byte[1]).WaitAsync(_deadline));
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task Clients_ComeAndGoInEveryWay_NothingIsLeft(HttpVariant stack)
    {
        await using var destination = await HttpDestination.StartAsync("a", EchoAsync);
        await using var gateway = await RunningGateway.StartAsync(
            stack.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async seed =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 60; i++)
            {
                using var socket = await ConnectAsync(gateway);
                socket.LingerState = new LingerOption(random.Next(2) == 0, 0);
                var request = Encoding.ASCII.GetBytes("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n" + new string('x', 4000));
                await socket.SendAsync(request.AsMemory(0, random.Next(request.Length + 1)));
                if (random.Next(3) == 0)
                {
                    socket.Shutdown(SocketShutdown.Send);
                }
            }
        }));

        await Eventually.TrueAsync(() => gateway.State("web", "a").Active == 0, "no request is in progress");
        using var content = new StringContent("alive");
        using var answer = await gateway.Client.PostAsync("/", content);
        Assert.Equal("alive", await answer.Content.ReadAsStringAsync());
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        await context.Response.Body.WriteAsync(body.ToArray(), context.RequestAborted);
    }

    /// <summary>Waits until nothing moves while so many other requests are served: time alone would prove nothing on a busy
    /// machine.</summary>
    private static Task HeldUpAsync(Func<long> moved, Func<Task> serveAnother, string what) => Eventually.TrueAsync(async () =>
    {
        const int Others = 20;
        var before = moved();
        for (var i = 0; i < Others; i++)
        {
            await serveAnother();
        }

        return before > 0 && moved() == before;
    }, what);

    private static byte[] Pattern(int size)
    {
        var bytes = new byte[size];
        for (var i = 0; i < size; i++)
        {
            bytes[i] = (byte)((i * 31) ^ (i >> 8) ^ (i >> 17));
        }

        return bytes;
    }

    /// <param name="gateway">Whom to connect with.</param>
    /// <param name="room">How much the kernel keeps for the client, which otherwise may become more than the whole answer.</param>
    private static async Task<Socket> ConnectAsync(RunningGateway gateway, int? room = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (room is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        await socket.ConnectAsync("127.0.0.1", gateway.Client.BaseAddress!.Port);
        return socket;
    }

    private static string WithTls(string json, TestCertificates certificates, TemporaryFolder folder)
    {
        var file = Path.Combine(folder.Path, "localhost.pfx");
        using (var made = certificates.For("127.0.0.1"))
        {
            File.WriteAllBytes(file, made.Export(X509ContentType.Pkcs12, "x"));
        }

        return json.Insert(json.IndexOf('{', StringComparison.Ordinal) + 1, $$"""
             "Kestrel": { "Endpoints": { "Https": { "Url": "https://127.0.0.1:0", "Certificate": { "Path": "{{file}}", "Password": "x" } } } },
            """);
    }

    private static HttpClient Client(RunningGateway gateway, TestCertificates certificates) =>
        new(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { certificates.Authority },
                },
            },
        })
        {
            BaseAddress = gateway.Client.BaseAddress,
        };
}
