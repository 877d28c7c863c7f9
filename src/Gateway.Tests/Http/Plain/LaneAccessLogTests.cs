using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gateway.Telemetry.AccessLogging;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static Gateway.Tests.Http.Plain.LaneRig;

namespace Gateway.Tests.Http.Plain;

/// <summary>The access log has the same lines for the same requests, whether the plain lane or the pipeline has served them.</summary>
public sealed partial class LaneAccessLogTests
{
    private const string Ask = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string ProxyHeader = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";

    [LinuxTheory]
    [InlineData("json", false)]
    [InlineData("json", true)]
    [InlineData("text", false)]
    [InlineData("text", true)]
    public async Task SameRequests_AreTheSameLines(string format, bool query)
    {
        await using var lane = await AccessLogRig.StartAsync(Lane, format, query);
        await using var pipeline = await AccessLogRig.StartAsync(Pipeline, format, query);

        await Task.WhenAll(RunAsync(lane), RunAsync(pipeline));

        foreach (var (expected, line) in pipeline.Lines.Zip(lane.Lines))
        {
            Assert.Equal(Masked(expected), Masked(line));
        }

        Assert.Equal(pipeline.Lines.Length, lane.Lines.Length);
        Assert.Equal(0, Counts(pipeline.Gateway).Lane);

        // The one that is not plain, and what nobody is there for, are the pipeline's.
        Assert.Equal(1, Counts(lane.Gateway).Pipeline);
    }

    /// <summary>A listener for both families tells IPv4 clients and itself by their plain addresses.</summary>
    [LinuxFact]
    public async Task ListenerOfBothFamilies_AddressesArePlain()
    {
        using var folder = new TemporaryFolder();
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination, Path.Combine(folder.Path, "access.log"), "[::]");
        var port = gateway.Client.BaseAddress!.Port;
        foreach (var address in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address, port);
            using var client = new WireClient(socket);
            await AskAsync(client, Ask);
        }

        var lines = await LinesAsync(folder, 2);
        Assert.Contains($"\"client\":\"127.0.0.1\"", lines[0], StringComparison.Ordinal);
        Assert.Contains($"\"listener\":\"127.0.0.1:{port}\"", lines[0], StringComparison.Ordinal);
        Assert.Contains($"\"client\":\"::1\"", lines[1], StringComparison.Ordinal);
        Assert.Contains($"\"listener\":\"[::1]:{port}\"", lines[1], StringComparison.Ordinal);
        Assert.Equal((2, 0), Counts(gateway));
    }

    /// <summary>Whatever is done to the file, each request has one line, and all of one connection are in their order.</summary>
    [LinuxFact]
    public async Task FileIsRotatedMeanwhile_EachRequestHasItsLine()
    {
        const int Clients = 8;
        const int Requests = 500;
        using var folder = new TemporaryFolder();
        var log = Path.Combine(folder.Path, "access.log");
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination, log);

        var clients = Enumerable.Range(0, Clients).Select(client => Task.Run(() => RunAsync(client))).ToArray();
        for (var i = 0; i < 3; i++)
        {
            await Eventually.TrueAsync(() => File.Exists(log) && new FileInfo(log).Length > 0, "some lines are written");
            File.Move(log, Path.Combine(folder.Path, $"access.log.{i}"));
        }

        await Task.WhenAll(clients);
        var lines = await LinesAsync(folder, Clients * Requests);
        var paths = lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("path").GetString()!);
        foreach (var ofOne in paths.Select(path => path.Split('/')).GroupBy(parts => parts[1], parts => parts[2]))
        {
            Assert.Equal(Enumerable.Range(0, Requests).Select(i => $"{i}"), ofOne);
        }

        Assert.Equal((Clients * Requests, 0), Counts(gateway));

        async Task RunAsync(int number)
        {
            using var client = await ConnectAsync(gateway);
            for (var i = 0; i < Requests; i++)
            {
                await AskAsync(client, $"GET /{number}/{i} HTTP/1.1\r\nHost: a\r\n\r\n");
            }
        }
    }

    /// <summary>A place that takes nothing, as a disk that hangs, holds up nobody.</summary>
    [LinuxFact]
    public async Task PlaceTakesNothing_RequestsAreServedAndRecordsDropped()
    {
        using var folder = new TemporaryFolder();
        var log = Path.Combine(folder.Path, "access.log");
        Pipe.Make(log);

        // Each end of a pipe waits for the other to be opened.
        var opening = Task.Run(() => new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0));
        await using var destination = await HttpDestination.StartAsync("a");
        await using var gateway = await StartAsync(destination, log);
        await using var reader = await opening;
        var accessLog = gateway.Services.GetRequiredService<AccessLog>();
        using var client = await ConnectAsync(gateway);

        // More than the pipe, the batch and the buffer take.
        var asked = 0;
        for (; accessLog.Dropped < 100; asked++)
        {
            await AskAsync(client, Ask);
        }

        Assert.Equal((asked, 0), Counts(gateway));
        var reading = reader.CopyToAsync(Stream.Null);
        await Eventually.TrueAsync(() => accessLog.Written + accessLog.Dropped == asked, "what was not dropped is written");
        await gateway.DisposeAsync();
        await reading;
    }

    private static async Task RunAsync(AccessLogRig rig)
    {
        await AskAllAsync(rig);
        await FailAllAsync(rig);
        await LeaveAsync(rig);
    }

    private static Task<RunningGateway> StartAsync(HttpDestination destination, string log, string address = "127.0.0.1") =>
        RunningGateway.StartAsync(Lane.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)]).Insert(1, $$"""
            "Kestrel": { "Endpoints": { "A": { "Url": "http://{{address}}:0" } } },
            "Telemetry": { "Listen": "127.0.0.1:0", "AccessLog": { "Enabled": true, "Path": "{{log}}", "Buffer": 2000 } },
            """)));

    /// <summary>The lines of a log and of those that were in its place before, once there are so many.</summary>
    private static async Task<string[]> LinesAsync(TemporaryFolder folder, int count)
    {
        await Eventually.TrueAsync(() => Read().Length >= count, $"{count} lines are written");
        return Read();

        string[] Read() => [.. Directory.GetFiles(folder.Path).OrderBy(file => file.Length == file.LastIndexOf('g') + 1).ThenBy(file => file)
            .SelectMany(File.ReadAllLines)];
    }

    /// <summary>All kinds of requests and answers that end well.</summary>
    private static async Task AskAllAsync(AccessLogRig rig)
    {
        using (var client = await rig.ConnectAsync())
        {
            foreach (var (method, path) in ((string, string)[])
            [
                ("GET", "/x/length"), ("GET", "/x/length?a=b&c=%20d"), ("GET", "/x/length?"), ("HEAD", "/x/head"), ("GET", "/x/chunked"),
                ("GET", "/x/204"), ("GET", "/x/304"), ("GET", "/x/empty"), ("GET", "/x/missing"), ("DELETE", "/x/length"), ("OPTIONS", "/x/length"),
                ("GET", "/x/100k"), ("GET", "/x/1m"), ("GET", "/x/to-the-end"), ("GET", $"/x/{new string('p', 500)}"),
            ])
            {
                await rig.AskAsync(client, method, path);
            }

            await rig.AskAsync(client, "POST", "/x/length", "Content-Length: 5\r\n\r\nhello");
            await rig.AskAsync(client, "PUT", "/x/length", "Content-Length: 0\r\n\r\n");
            await rig.AskAsync(client, "PATCH", "/x/length", $"Content-Length: 9000\r\n\r\n{new string('b', 9000)}");
            await rig.AskAsync(client, "GET", "/second/length");

            // One after the other without waiting, and the last of the connection.
            await client.SendAsync(
                "GET /x/length HTTP/1.1\r\nHost: a.example:8080\r\n\r\nGET /x/empty HTTP/1.1\r\nHost: b\r\n\r\n"
                + "POST /x/length HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\nab"
                + "GET /x/length HTTP/1.1\r\nHost: b\r\nUser-Agent: me\r\nReferer: http://r/\r\nConnection: close\r\n\r\n");
            for (var i = 0; i < 4; i++)
            {
                Assert.Equal(200, (await client.Reader.ReadAnswerAsync()).Status);
            }

            await rig.WrittenAsync(4);
        }

        using (var client = await rig.ConnectIntroducedAsync())
        {
            await client.SendAsync(ProxyHeader);
            await rig.AskAsync(client, "GET", "/x/length");
            await rig.AskAsync(client, "GET", "/x/length");
        }

        using (var client = await rig.ConnectAsync())
        {
            await rig.AskAsync(client, "GET", "/x/%6cength");
        }
    }

    /// <summary>What destinations do wrong, and what is answered where there is none.</summary>
    private static async Task FailAllAsync(AccessLogRig rig)
    {
        foreach (var (path, status) in ((string, int)[])
            [("/dead/x", 502), ("/none/x", 503), ("/nowhere", 404), ("/x/closes", 502), ("/x/nonsense", 502), ("/slow/waits", 504)])
        {
            using var client = await rig.ConnectAsync();
            Assert.Equal(status, (await rig.AskAsync(client, "GET", path)).Status);
        }

        foreach (var path in (string[])["/dead/x", "/x/closes", "/slow/waits"])
        {
            using var client = await rig.ConnectAsync();
            await rig.AskAsync(client, "POST", path, "Content-Length: 5\r\n\r\nhello");
        }

        using (var client = await rig.ConnectAsync())
        {
            // Nothing of the answer is passed on before it is found wrong.
            await client.SendAsync("GET /x/bad-chunk HTTP/1.1\r\nHost: a\r\n\r\n");
            await rig.WrittenAsync(1);
        }

        foreach (var path in (string[])["half", "half-chunked", "head-only"])
        {
            using var client = await rig.ConnectAsync();
            var goesOn = new TaskCompletionSource();
            rig.Destination.Of($"/x/{path}").Hold = goesOn.Task;
            await client.SendAsync($"GET /x/{path} HTTP/1.1\r\nHost: a\r\n\r\n");
            await client.Socket.ReadExactlyAsync(30);
            goesOn.SetResult();
            await rig.WrittenAsync(1);
        }
    }

    /// <summary>Clients that break off.</summary>
    private static async Task LeaveAsync(AccessLogRig rig)
    {
        using (var client = await rig.ConnectAsync())
        {
            await client.SendAsync("POST /x/waits HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
            await rig.Destination.Of("/x/waits").Arrived.Task;
            client.Reset();
            await rig.WrittenAsync(1);
        }

        using (var client = await rig.ConnectAsync())
        {
            await client.SendAsync("GET /x/long HTTP/1.1\r\nHost: a\r\n\r\n");
            await client.Socket.ReadExactlyAsync(1000);
            client.Reset();
            await rig.WrittenAsync(1);
        }
    }

    /// <summary>A line without what differs from run to run. A time of zero stays one.</summary>
    private static string Masked(string line)
    {
        line = Time().Replace(line, "T");
        line = Port().Replace(line, "$1N");
        line = JsonTimes().Replace(line, "$1:n");
        line = TextTimes().Replace(line, match => match.Groups[1].Value + string.Join('/', match.Groups[2].Value.Split('/')
            .Select(time => double.Parse(time, CultureInfo.InvariantCulture) == 0 ? "0" : "n")) + " ");

        // How much was on its way depends on buffers.
        return line.Contains("/x/long", StringComparison.Ordinal) ? BytesOut().Replace(line, "$1N") : line;
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")]
    private static partial Regex Time();

    [GeneratedRegex(@"(127\.0\.0\.1(?:"",""client_port)?""?:)\d+")]
    private static partial Regex Port();

    [GeneratedRegex(@"(_ms""):(?!0[,}])[\d.E-]+")]
    private static partial Regex JsonTimes();

    [GeneratedRegex(@"( \d+/\d+ )([\d.E-]+/[\d.E-]+/[\d.E-]+/[\d.E-]+) ")]
    private static partial Regex TextTimes();

    [GeneratedRegex(@"(""bytes_out"":| 200 0/)[1-9]\d*")]
    private static partial Regex BytesOut();
}
