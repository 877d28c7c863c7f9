using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Clusters;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;
using static Gateway.Tests.Http.Plain.LaneRig;

namespace Gateway.Tests.Http.Plain;

/// <summary>Clients that take their answers more slowly than destinations give them, for longer than the activity timeout.</summary>
public sealed class SlowClientTests
{
    private const int Length = 4_000_000;

    /// <summary>How the destination tells the length: a known one goes from socket to socket.</summary>
    public static IEnumerable<object[]> All =>
        from variant in new[] { Lane, Pipeline } from framing in new[] { $"Content-Length: {Length}", "Connection: close" } select new object[] { variant, framing };

    [LinuxTheory]
    [MemberData(nameof(All))]
    public async Task TakesNothingForTheActivityTimeout_IsCutOff_AndTheDestinationIsNotToBlame(HttpVariant variant, string framing)
    {
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync(variant, destination);
        var ends = Ends(gateway);
        using var client = await AskAsync(gateway, destination, framing);

        await Eventually.TrueAsync(() => !ends.IsEmpty, "the request has ended");

        Assert.Equal(FailureReason.ClientAborted, Assert.Single(ends).Failure);
        Assert.Equal(0, gateway.State("web", "a").Active);
    }

    [LinuxTheory]
    [MemberData(nameof(All))]
    public async Task TakesALittleAllTheTime_IsNotCutOff(HttpVariant variant, string framing)
    {
        using var destination = new TcpDestination();
        await using var gateway = await StartAsync(variant, destination);
        var ends = Ends(gateway);
        using var client = await AskAsync(gateway, destination, framing);

        for (var i = 0; i < 45; i++)
        {
            Assert.True(await client.ReceiveAsync(new byte[1500]) > 0);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        Assert.Empty(ends);
        var rest = await client.ReadToEndAsync();
        await Eventually.TrueAsync(() => !ends.IsEmpty, "the request has ended");
        Assert.Null(Assert.Single(ends).Failure);
        Assert.True(rest.Length > Length / 2);
    }

    private static Task<RunningGateway> StartAsync(HttpVariant variant, TcpDestination destination) => RunningGateway.StartAsync(variant.Configure(
        Json.Proxy("rr", [Json.Destination("a", $"http://{destination.EndPoint}")], """ "HttpRequest": { "ActivityTimeout": "00:00:03" }, """).Insert(1, """
            "Kestrel": {
              "Endpoints": { "Http": { "Url": "http://127.0.0.1:0" } },
              "Limits": { "MinResponseDataRate": { "BytesPerSecond": 1, "GracePeriod": "00:01:00" } } },
            """)));

    private static async Task<Socket> AskAsync(RunningGateway gateway, TcpDestination destination, string framing)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(IPAddress.Loopback, gateway.Client.BaseAddress!.Port);
        await client.SendAllAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
        var accepted = await destination.AcceptedAsync();
        await new WireReader(accepted).ReadRequestAsync();
        _ = accepted.SendAllAsync((byte[])[.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n"), .. new byte[Length]])
            .ContinueWith(_ => accepted.Dispose(), TaskScheduler.Default);
        return client;
    }
}
