using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;

namespace Gateway.Tests.Integration;

/// <summary>The last descriptors of the program, which are left to .NET, whoever asks for more.</summary>
public class DescriptorReserveTests
{
    private const int Descriptors = 400;
    private const int Reserve = 64;
    private const int Clients = 200;

    // Each listener on each of two loops learns of the shortage by one client, and there is one of TCP and one of HTTP.
    private const int MostOfReserve = 8;

    private static readonly string _program = Path.Combine(AppContext.BaseDirectory, "Gateway.dll");

    [NeedsTheory("prlimit")]
    [InlineData("udp", "loops")]
    [InlineData("http", "loops")]
    [InlineData("http", "sockets")]
    [InlineData("splice", "loops")]
    [InlineData("metrics", "loops")]
    public async Task Run_OutOfDescriptors_NobodyTakesTheReserve(string flood, string transport)
    {
        using var folder = new TemporaryFolder();
        using var destination = new TcpDestination();
        using var echo = UdpPeer.Bind();
        var tcp = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        var udp = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        var http = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        var metrics = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        var file = Path.Combine(folder.Path, "appsettings.json");
        await File.WriteAllTextAsync(file, $$"""
            {
              "Telemetry": { "Listen": "{{metrics}}" }, "Management": { "Listen": [] }, "Relay": { "Loops": 2 },
              "Http": { "Transport": "{{transport}}" },
              "Kestrel": { "Endpoints": { "http": { "Url": "http://{{http}}" } } },
              "ReverseProxy": { "Clusters": {
                "tcp": { "Destinations": { {{Json.Destination("a", $"tcp://{destination.EndPoint}")}} } },
                "udp": { "Destinations": { {{Json.Destination("a", $"udp://{echo.EndPoint}")}} } } } },
              "VirtualServers": {
                "tcp": { "Listen": [ "{{tcp}}" ], "ClusterId": "tcp", "ConnectTimeout": "00:01:00" },
                "udp": { "Listen": [ "{{udp}}" ], "ClusterId": "udp", "Protocol": "udp" } }
            }
            """);
        await using var gateway = DebianProcess.Start(
            "prlimit", $"--nofile={Descriptors}", "dotnet", _program, "run", "--config", file);
        await gateway.WaitUntilListeningAsync(tcp);
        await gateway.WaitUntilListeningAsync(http);
        using var first = await ConnectAsync(tcp);
        using var server = await FirstWithBytesAsync(first, destination);

        var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => ConnectAsync(tcp)));
        await Eventually.TrueAsync(
            () => gateway.Output.Contains("cannot accept connections", StringComparison.Ordinal), "the shortage is told");
        await Eventually.TrueAsync(() => gateway.IsQuietAsync(), "all that is free is taken");
        await FloodAsync(flood);
        await Eventually.TrueAsync(() => gateway.IsQuietAsync(), "nothing spins");

        var reserved = ReservedOf(gateway);
        Assert.InRange(reserved.Length, 0, flood == "metrics" ? (Reserve / 2) + MostOfReserve : MostOfReserve);
        Assert.DoesNotContain(reserved, target => target.StartsWith("pipe:", StringComparison.Ordinal));

        // So that no connection keeps the program from ending.
        destination.Dispose();
        Array.ForEach(clients, client => client.Dispose());

        async Task FloodAsync(string kind)
        {
            switch (kind)
            {
                case "udp":
                    for (var i = 0; i < Clients; i++)
                    {
                        using var client = UdpPeer.Connect(udp);
                        client.Send("hello");
                    }

                    break;

                case "http":
                case "metrics":
                    var listener = kind == "http" ? http : metrics;
                    clients = [.. clients, .. await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => ConnectAsync(listener)))];
                    break;

                default:
                    var bulk = new byte[8 * 1024 * 1024];
                    await Task.WhenAll(first.SendAllAsync(bulk), server.ReadExactlyAsync(bulk.Length));
                    break;
            }
        }
    }

    /// <summary>Each request of a few HTTP/2 connections has a connection of its own to the destination.</summary>
    [NeedsTheory("prlimit")]
    [InlineData(""" "Forwarder": "yarp" """)]
    [InlineData(""" "Transport": "sockets" """)]
    public async Task Run_RequestsBeyondDescriptors_ConnectionsToDestinationsTakeNoneOfTheReserve(string options)
    {
        using var folder = new TemporaryFolder();
        using var destination = new TcpDestination();
        var http = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        var file = Path.Combine(folder.Path, "appsettings.json");
        await File.WriteAllTextAsync(file, Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")]).Insert(1, $$"""
              "Telemetry": { "Listen": [] }, "Management": { "Listen": [] }, "Http": { {{options}} },
              "Kestrel": { "Endpoints": { "http": { "Url": "http://{{http}}", "Protocols": "Http2" } } },
            """));
        await using var gateway = DebianProcess.Start(
            "prlimit", $"--nofile={Descriptors}", "dotnet", _program, "run", "--config", file);
        await gateway.WaitUntilListeningAsync(http);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, EnableMultipleHttp2Connections = true })
        {
            BaseAddress = new Uri($"http://{http}"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        var answers = Enumerable.Range(0, Descriptors).Select(_ => client.GetAsync("/")).ToArray();
        await Eventually.TrueAsync(() => answers.Any(answer => answer.IsCompleted), "the shortage is told");
        await Eventually.TrueAsync(() => gateway.IsQuietAsync(), "all that is free is taken");

        var refused = await Task.WhenAll(answers.Where(answer => answer.IsCompleted));
        Assert.All(refused, answer => Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode));

        // The last of the clients themselves, at most.
        Assert.InRange(ReservedOf(gateway).Length, 0, MostOfReserve);

        // Those that have a connection have their answers, and there is room for others.
        var serving = ServeAsync(destination);
        var served = await Task.WhenAll(answers.Except(answers.Where(answer => answer.IsCompleted)).ToArray());
        Assert.All(served, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/")).StatusCode);
        destination.Dispose();
        await serving;
    }

    /// <summary>What the descriptors of the reserve are that are taken.</summary>
    private static string[] ReservedOf(DebianProcess gateway) =>
    [
        .. Directory.GetFiles($"/proc/{gateway.Id}/fd")
            .Where(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture) >= Descriptors - Reserve)
            .Select(path => new FileInfo(path).LinkTarget ?? "closed meanwhile"),
    ];

    /// <summary>Answers each connection's requests until the destination closes.</summary>
    private static async Task ServeAsync(TcpDestination destination)
    {
        var all = new List<Task>();
        try
        {
            while (true)
            {
                all.Add(AnswerAsync(await destination.AcceptedAsync()));
            }
        }
        catch (ChannelClosedException)
        {
            await Task.WhenAll(all);
        }

        static async Task AnswerAsync(Socket socket)
        {
            try
            {
                // A request is a segment: there is nothing in it but a short head.
                var request = new byte[4096];
                while (await socket.ReceiveAsync(request) > 0)
                {
                    await socket.SendAllAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The end of the test.
            }
        }
    }

    [NeedsTheory("prlimit")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_NoDescriptorForADestination_RequestsAre503AndNoDestinationIsBlamed(bool hasLane)
    {
        using var folder = new TemporaryFolder();
        await using var destination = await HttpDestination.StartAsync("a", context =>
        {
            // So that each request needs a connection of its own.
            context.Response.Headers.Connection = "close";
            return Task.CompletedTask;
        });
        var http = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        var metrics = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        var file = Path.Combine(folder.Path, "appsettings.json");
        await File.WriteAllTextAsync(file, $$"""
            {
              "Telemetry": { "Listen": "{{metrics}}" }, "Management": { "Listen": [] }, "Http": { "PlainLane": {{(hasLane ? "true" : "false")}} },
              "Kestrel": { "Endpoints": { "http": { "Url": "http://{{http}}" } } },
              "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "web", "Match": { "Path": "{**any}" } } },
                "Clusters": { "web": {
                  "Destinations": { {{Json.Destination("a", destination.Address)}} } } } }
            }
            """);
        await using var gateway = DebianProcess.Start(
            "prlimit", $"--nofile={Descriptors}", "dotnet", _program, "run", "--config", file);
        await gateway.WaitUntilListeningAsync(http);
        using var client = new WireClient(await ConnectAsync(http));
        Assert.Equal(200, await AskAsync(client));
        var idle = await Task.WhenAll(Enumerable.Range(0, Descriptors).Select(_ => ConnectAsync(http)));
        await Eventually.TrueAsync(
            () => gateway.Output.Contains("cannot accept connections", StringComparison.Ordinal), "the shortage is told");

        Assert.Equal(503, await AskAsync(client));
        await Eventually.TrueAsync(
            () => gateway.Output.Contains("Cannot connect to destinations for now", StringComparison.Ordinal), "it is told");

        Array.ForEach(idle, socket => socket.Dispose());
        await Eventually.TrueAsync(async () => await AskAsync(client) == 200, "there is a descriptor again");
        using var scrape = new HttpClient();
        var failures = (await scrape.GetStringAsync($"http://{metrics}/metrics")).Split('\n')
            .Where(line => line.StartsWith("gateway_destination_failures_total{", StringComparison.Ordinal))
            .ToArray();
        Assert.NotEmpty(failures);
        Assert.All(failures, line => Assert.EndsWith(" 0", line, StringComparison.Ordinal));
    }

    /// <summary>The destination's end of a client's connection: finding out whether the program listens made one too.</summary>
    private static async Task<Socket> FirstWithBytesAsync(Socket client, TcpDestination destination)
    {
        await client.SendAllAsync("x"u8.ToArray());
        while (true)
        {
            var server = await destination.AcceptedAsync();
            if (await server.ReceiveAsync(new byte[1]) == 1)
            {
                return server;
            }
        }
    }

    private static async Task<int> AskAsync(WireClient client)
    {
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        return (await client.Reader.ReadAnswerAsync()).Status;
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint endPoint)
    {
        var client = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(endPoint);
        return client;
    }
}
