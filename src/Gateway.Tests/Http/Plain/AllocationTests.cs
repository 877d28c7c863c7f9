using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Http.Transport;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Http.Plain;

/// <summary>What a plain request costs in memory: on the plain lane, nothing. A loop's thread does nothing but serve requests, so what it allocated is
/// what they did; what Kestrel itself allocates is seen by the same answer without Gateway.</summary>
public sealed class AllocationTests
{
    private const int Requests = 2000;
    private const int Run = 100;

    /// <summary>More than what is made by the clock comes to on a machine that has time for a few requests a second only, and less
    /// than a buffer that is made anew every hundred requests.</summary>
    private const int ByTheClock = 16;

    /// <summary>The task that ASP.NET Core wants of every request that waits, and the enumerator that Kestrel makes of its
    /// headers; 408 together.</summary>
    private const int TaskAndEnumerator = 416;

    private static readonly byte[] _request = "GET /a HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n"u8.ToArray();

    [LinuxFact]
    public async Task PlainRequest_AllocatesATaskAndAnEnumerator()
    {
        using var destination = new EndlessDestination();
        await using var gateway = await RunningGateway.StartAsync(new Conformance.HttpVariant("loops", "gateway")
            .Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)])));
        using var loops = new HttpLoops(1, TimeProvider.System, NullLogger<HttpLoops>.Instance);
        await using var control = await StartControlAsync(loops);

        var ours = Measure(gateway.Client.BaseAddress!.Port, gateway.Services.GetRequiredService<HttpLoops>());
        var kestrels = Measure(new Uri(control.Urls.First()).Port, loops);

        Assert.True(ours.Least - kestrels.Least <= TaskAndEnumerator, $"{ours} bytes a request, {kestrels} of them Kestrel's");
    }

    [LinuxFact]
    public async Task PlainRequestOnTheLane_AllocatesNothing()
    {
        using var destination = new EndlessDestination();
        await using var gateway = await LaneRig.StartAsync(destination.Address);

        var bytes = Measure(gateway.Client.BaseAddress!.Port, gateway.Services.GetRequiredService<HttpLoops>());

        Assert.Equal(0, bytes.Least);
        Assert.InRange(bytes.Mean, 0, ByTheClock);
        Assert.Equal((2 * Requests, 0), LaneRig.Counts(gateway));
    }

    /// <summary>Its host and its path are those of requests before.</summary>
    [LinuxFact]
    public async Task PlainRequestOnTheLane_WithTheAccessLog_AllocatesNothing()
    {
        using var folder = new TemporaryFolder();
        using var destination = new EndlessDestination();
        await using var gateway = await RunningGateway.StartAsync(LaneRig.Lane.Configure(
            Json.Proxy("rr", [Json.Destination("a", destination.Address)]).Insert(1, $$"""
                "Telemetry": { "Listen": "127.0.0.1:0", "AccessLog": { "Enabled": true, "Path": "{{folder.Path}}/access.log", "Buffer": 16 } },
                """)));

        var bytes = Measure(gateway.Client.BaseAddress!.Port, gateway.Services.GetRequiredService<HttpLoops>());

        Assert.Equal(0, bytes.Least);
        Assert.InRange(bytes.Mean, 0, ByTheClock);
        Assert.Equal((2 * Requests, 0), LaneRig.Counts(gateway));
    }

    [LinuxFact]
    public async Task DestinationBreaksOff_BuffersAreUsedAgain()
    {
        const int Failures = 200;
        using var destination = new Conformance.WireDestination();
        destination.On("/a", "HTTP/1.1 2").Closes = true;
        await using var gateway = await LaneRig.StartAsync(destination.Address);
        var loops = gateway.Services.GetRequiredService<HttpLoops>();
        using var client = await LaneRig.ConnectAsync(gateway);
        await FailAsync();
        var before = Allocated(loops);

        await FailAsync();

        // Exceptions, and what a new connection is made of.
        var bytes = (Allocated(loops) - before) / Failures;
        Assert.True(bytes < Gateway.Http.Forwarding.ExchangeBuffers.Size, $"{bytes} bytes a request");

        async Task FailAsync()
        {
            for (var i = 0; i < Failures; i++)
            {
                await client.SendAsync(_request);
                Assert.Equal(502, (await client.Reader.ReadAnswerAsync()).Status);
            }
        }
    }

    /// <summary>Bytes that the loops allocate for a request, once everything is warm.</summary>
    /// <remarks>What a request allocates, each run allocates. Some runs have in them what the loop does by the clock besides, as the
    /// Date field once a second, and the fewer requests a second the machine has time for, the more of that falls to each.</remarks>
    private static (double Least, double Mean) Measure(int port, HttpLoops loops)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        var buffer = new byte[4096];
        Ask(socket, buffer, Requests);
        var runs = new List<long>();
        for (var i = 0; i < Requests; i += Run)
        {
            var before = Allocated(loops);
            Ask(socket, buffer, Run);
            runs.Add(Allocated(loops) - before);
        }

        return ((double)runs.Min() / Run, (double)runs.Sum() / Requests);
    }

    private static void Ask(Socket socket, byte[] buffer, int requests)
    {
        for (var i = 0; i < requests; i++)
        {
            socket.Send(_request);
            var length = 0;
            while (length == 0 || !buffer.AsSpan(0, length).EndsWith("hello"u8))
            {
                var received = socket.Receive(buffer.AsSpan(length));
                Assert.NotEqual(0, received);
                length += received;
            }
        }
    }

    private static long Allocated(HttpLoops loops)
    {
        var sum = 0L;
        foreach (var place in loops.Places)
        {
            place.Loop.Run(() => sum += GC.GetAllocatedBytesForCurrentThread());
        }

        return sum;
    }

    private static async Task<WebApplication> StartControlAsync(HttpLoops loops)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddLogging();
        builder.Services.AddSingleton(loops);
        builder.Services.AddSingleton(new HttpOptions());
        builder.Services.AddSingleton<EarlyServers>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<LeftListeners>();
        builder.Services.AddSingleton<IConnectionListenerFactory, LoopTransport>();
        var app = builder.Build();
        app.Run(context =>
        {
            context.Response.ContentLength = 5;
            "hello"u8.CopyTo(context.Response.BodyWriter.GetSpan(5));
            context.Response.BodyWriter.Advance(5);
            return Task.CompletedTask;
        });
        await app.StartAsync();
        return app;
    }

    /// <summary>A destination that gives the same answer to whatever ends in an empty line.</summary>
    private sealed class EndlessDestination : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public EndlessDestination()
        {
            _listener.Start();
            _ = ServeAllAsync();
        }

        public string Address => $"http://{_listener.LocalEndpoint}";

        public void Dispose() => _listener.Stop();

        private async Task ServeAllAsync()
        {
            try
            {
                while (true)
                {
                    _ = ServeAsync(await _listener.AcceptSocketAsync());
                }
            }
            catch (SocketException)
            {
                // Stopped.
            }
        }

        private static async Task ServeAsync(Socket socket)
        {
            using (socket)
            {
                socket.NoDelay = true;
                var buffer = new byte[4096];
                while (await socket.ReceiveAsync(buffer) is > 0 and var length)
                {
                    if (buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
                    {
                        await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"u8.ToArray());
                    }
                }
            }
        }
    }
}
