using System.Text.Json;
using Gateway.Clusters;
using Gateway.Http;
using Gateway.Tests.Http.Plain;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Http.Conformance;

/// <summary>Requests whose body reaches a limit: the client is told, the access log says so, and no destination is blamed.</summary>
public sealed class RejectedBodyTests
{
    private const int Largest = 10;
    private const string Chunked = "Transfer-Encoding: chunked\r\n\r\n";

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    public static IEnumerable<object[]> WhileItIsRead =>
        from stack in HttpVariant.All
        from isRoutes in (bool[])[false, true]
        from request in ((int, string)[])
        [
            (413, $"{Chunked}14\r\n{new string('x', 20)}\r\n0\r\n\r\n"),
            (400, $"{Chunked}zz\r\n"),
            (400, $"{Chunked}2\r\nxx\r\nzz\r\n"),
            // What comes is too slow.
            (408, "Content-Length: 9\r\n\r\nx"),
        ]
        select new object[] { stack, isRoutes, request };

    public static IEnumerable<object[]> Stacks =>
        from stack in HttpVariant.All from isRoutes in (bool[])[false, true] select new object[] { stack, isRoutes };

    [Theory]
    [MemberData(nameof(WhileItIsRead))]
    public async Task BodyReachesALimit_IsRejected_AndNobodyIsBlamed(HttpVariant stack, bool isRoutes, (int Status, string Body) request)
    {
        using var folder = new TemporaryFolder();
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync(stack, isRoutes, destination, folder);
        using var client = await LaneRig.ConnectAsync(gateway);

        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\n{request.Body}");
        var answer = await client.Reader.ReadAnswerAsync();

        Assert.Equal(request.Status, answer.Status);
        Assert.Equal(("rejected", request.Status), await EndAsync(folder));

        // The server tells of it once more when it lets go of the connection, but this was a request of a route.
        _ = await Record.ExceptionAsync(client.Reader.ReadToEndAsync);
        Assert.Equal(("rejected", request.Status), await EndAsync(folder));
        Assert.Empty(gateway.Services.GetRequiredService<RejectedRequests>().ByStatus);
        Assert.All(Enum.GetValues<FailureReason>(), reason => Assert.Equal(0, gateway.State("web", "a").Failures(reason)));
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task LengthIsBeyondTheLimit_NoDestinationIsAsked_AndTheAnswerArrives(HttpVariant stack, bool isRoutes)
    {
        const int Length = 4_000_000;
        using var folder = new TemporaryFolder();
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync(stack, isRoutes, destination, folder);
        using var client = await LaneRig.ConnectAsync(gateway);

        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {Length}\r\n\r\n");
        var answer = await client.Reader.ReadAnswerAsync();
        await client.SendAsync(new byte[Length]).WaitAsync(_deadline);

        Assert.Equal((413, "close"), (answer.Status, answer["Connection"]));
        Assert.Empty(await client.Reader.ReadToEndAsync());
        Assert.Equal(("rejected", 413), await EndAsync(folder));
        Assert.Equal(0, gateway.State("web", "a").Flows);
        Assert.False(destination.HasAccepted);
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task LengthIsTheLimit_IsForwarded(HttpVariant stack, bool isRoutes)
    {
        using var folder = new TemporaryFolder();
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync(stack, isRoutes, destination, folder);
        using var client = await LaneRig.ConnectAsync(gateway);

        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {Largest}\r\n\r\n{new string('x', Largest)}");
        using var accepted = await destination.AcceptedAsync();

        Assert.Equal(Largest, (await new WireReader(accepted).ReadRequestAsync())!.Body.Length);
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public async Task ClientLeavesInTheMiddle_IsItsOwnDoing(HttpVariant stack, bool isRoutes)
    {
        using var folder = new TemporaryFolder();
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync(stack, isRoutes, destination, folder);
        using var client = await LaneRig.ConnectAsync(gateway);

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
        using var accepted = await destination.AcceptedAsync();
        client.Dispose();

        Assert.Equal("client_aborted", (await EndAsync(folder)).End);
        Assert.Equal(1, gateway.State("web", "a").Failures(FailureReason.ClientAborted));
    }

    private static async Task<(string? End, int Status)> EndAsync(TemporaryFolder folder)
    {
        var log = Path.Combine(folder.Path, "access.log");
        await Eventually.TrueAsync(() => File.Exists(log) && File.ReadAllText(log).EndsWith('\n'), "the request has its line");
        var line = JsonDocument.Parse(Assert.Single(await File.ReadAllLinesAsync(log))).RootElement;
        return (line.GetProperty("end").GetString(), line.TryGetProperty("status", out var status) ? status.GetInt32() : 0);
    }

    private static Task<RunningGateway> StartAsync(HttpVariant stack, bool isRoutes, TcpDestination destination, TemporaryFolder folder)
    {
        var limit = $"\"MaxRequestBodySize\": {Largest},";
        var json = Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")], routeMore: isRoutes ? limit : "");
        return RunningGateway.StartAsync(stack.Configure(json.Insert(json.IndexOf('{', StringComparison.Ordinal) + 1, $$"""
             "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:0" } },
                 "Limits": { {{(isRoutes ? "" : limit)}} "MinRequestBodyDataRate": { "BytesPerSecond": 10000, "GracePeriod": "00:00:01.1" } } },
             "Telemetry": { "Listen": "127.0.0.1:0", "AccessLog": { "Enabled": true, "Path": "{{Path.Combine(folder.Path, "access.log")}}" } },
            """)));
    }
}
