using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;

namespace Gateway.Tests.Http.Plain;

/// <summary>A Gateway with an access log before destinations of every kind.</summary>
internal sealed class AccessLogRig : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TaskCompletionSource _over = new();
    private readonly int _port = FreePort.On(IPAddress.Loopback);
    private readonly int _introducedPort = FreePort.On(IPAddress.Loopback);
    private int _written;

    public WireDestination Destination { get; } = new();

    public RunningGateway Gateway { get; private set; } = null!;

    /// <summary>What the log has so far.</summary>
    public string[] Lines => File.Exists(Log) ? File.ReadAllLines(Log) : [];

    private string Log => Path.Combine(_folder.Path, "access.log");

    public static async Task<AccessLogRig> StartAsync(HttpVariant variant, string format, bool query)
    {
        var rig = new AccessLogRig();
        rig.Script();
        rig.Gateway = await RunningGateway.StartAsync(variant.Configure(rig.Configuration(format, query)));
        return rig;
    }

    public async ValueTask DisposeAsync()
    {
        _over.SetResult();
        await Gateway.DisposeAsync();
        Destination.Dispose();
        _folder.Dispose();
    }

    public Task<WireClient> ConnectAsync() => ConnectAsync(_port);

    /// <summary>As a proxy, whose connections begin with a header.</summary>
    public Task<WireClient> ConnectIntroducedAsync() => ConnectAsync(_introducedPort);

    /// <summary>Asks, takes the answer, and waits until the request has its line.</summary>
    /// <param name="client">The client.</param>
    /// <param name="method">The method.</param>
    /// <param name="target">The target.</param>
    /// <param name="rest">What comes behind Host.</param>
    public async Task<WireMessage> AskAsync(WireClient client, string method, string target, string rest = "\r\n")
    {
        await client.SendAsync($"{method} {target} HTTP/1.1\r\nHost: a.example\r\n{rest}");
        var answer = await client.Reader.ReadAnswerAsync(method);
        await WrittenAsync(1);
        return answer;
    }

    /// <summary>Waits until there are so many more lines.</summary>
    public Task WrittenAsync(int more)
    {
        _written += more;
        return Eventually.TrueAsync(() => Lines.Length >= _written, $"line {_written} is written");
    }

    private static async Task<WireClient> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new WireClient(socket);
    }

    private void Script()
    {
        Destination.On("/x/length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        Destination.On("/second/length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        Destination.On("/x/head", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        Destination.On("/x/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "3\r\nyou\r\n0\r\n\r\n");
        Destination.On("/x/204", "HTTP/1.1 204 No Content\r\n\r\n");
        Destination.On("/x/304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
        Destination.On("/x/empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Destination.On("/x/100k", $"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{new string('a', 100_000)}");
        Destination.On("/x/1m", $"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{new string('a', 1_000_000)}");
        Destination.On("/x/to-the-end", $"HTTP/1.1 200 OK\r\n\r\n{new string('a', 3000)}").Closes = true;
        Destination.On("/x/closes", "").Closes = true;
        Destination.On("/x/nonsense", "SSH-2.0-x\r\n\r\n").Closes = true;
        Destination.On("/x/bad-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n").Closes = true;
        Destination.On("/x/half", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhello").Closes = true;
        Destination.On("/x/half-chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").Closes = true;
        Destination.On("/x/head-only", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n").Closes = true;
        Destination.On("/x/waits", "").Hold = _over.Task;
        Destination.On("/slow/waits", "").Hold = _over.Task;
        Destination.On("/x/long", $"HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n{new string('a', 30_000_000)}");
    }

    private string Configuration(string format, bool query)
    {
        var dead = Json.Destination("dead", $"http://127.0.0.1:{FreePort.On(IPAddress.Loopback)}", 2);
        var wire = Json.Destination("wire", Destination.Address);
        return $$"""
            { "ReverseProxy": {
                "Routes": { {{string.Join(", ", ((string[])["x", "second", "dead", "none", "slow"]).Select(
                    id => $$""" "r-{{id}}": { "ClusterId": "c-{{id}}", "Match": { "Path": "/{{id}}/{**rest}" } } """))}} },
                "Clusters": {
                    "c-x": { "Destinations": { {{wire}} } },
                    "c-second": { "LoadBalancingPolicy": "fo", "Destinations": { {{dead}}, {{wire}} } },
                    "c-dead": { "Destinations": { {{dead}} } },
                    "c-none": { "Destinations": { {{Json.Destination("none", Destination.Address, 0)}} } },
                    "c-slow": { "HttpRequest": { "ActivityTimeout": "00:00:00.2" }, "Destinations": { {{wire}} } } } },
              "Kestrel": { "Endpoints": {
                  "A": { "Url": "http://127.0.0.1:{{_port}}" },
                  "B": { "Url": "http://127.0.0.1:{{_introducedPort}}", "ProxyProtocol": { "From": [ "127.0.0.0/8" ] } } } },
              "Telemetry": { "Listen": "127.0.0.1:0",
                  "AccessLog": { "Enabled": true, "Path": "{{Log}}", "Format": "{{format}}", "Query": {{(query ? "true" : "false")}} } } }
            """;
    }
}
