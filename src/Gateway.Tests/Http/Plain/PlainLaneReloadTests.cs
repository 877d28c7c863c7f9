using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Http.Forwarding;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static Gateway.Tests.Http.Plain.LaneRig;

namespace Gateway.Tests.Http.Plain;

/// <summary>What a reload does to connections on the plain lane; above all, that a destination that is given TLS is sent nothing
/// in the clear, whatever the routes still say.</summary>
public sealed class PlainLaneReloadTests
{
    private const string Ask = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
    private const byte TlsHandshake = 22;

    public static IEnumerable<object[]> Both => [[Lane], [Pipeline]];

    [LinuxTheory]
    [MemberData(nameof(Both))]
    public async Task StoreIsAheadOfTheRoutes_TlsIsSpoken(HttpVariant variant)
    {
        await using var before = await HttpDestination.StartAsync("a");
        using var after = new TcpDestination();
        await using var gateway = await RunningGateway.StartAsync(
            variant.Configure(Json.Proxy("rr", [Json.Destination("a", before.Address)])));
        using var client = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(client, Ask));
        var ends = Ends(gateway);

        var cluster = gateway.Store.Current.FindCluster("web")!.Options;
        gateway.Store.Apply(
            [cluster with { Destinations = [cluster.Destinations[0] with { Address = new Uri($"https://{after.EndPoint}") }] }], []);
        await client.SendAsync(Ask);

        using var accepted = await after.AcceptedAsync();
        var first = new byte[1];
        Assert.Equal(1, await accepted.ReceiveAsync(first));
        Assert.Equal(TlsHandshake, first[0]);

        // Not the way in which TLS is spoken, so the handshake fails, which is one failed try at one destination.
        await accepted.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        accepted.Shutdown(SocketShutdown.Both);
        Assert.Equal(502, (await client.Reader.ReadAnswerAsync()).Status);
        await Eventually.TrueAsync(() => ends.Count == 1, "its end is told once");
        Assert.Equal((502, 1, FailureReason.ConnectError), (ends.Single().Status, ends.Single().Attempts, ends.Single().Failure));
        Assert.Equal((0, 0), (gateway.State("web", "a").Retries, gateway.State("web", "a").Active));
    }

    [LinuxTheory]
    [MemberData(nameof(Both))]
    public async Task SchemeIsReloaded_YarpForwards_AndBack(HttpVariant variant)
    {
        await using var plain = await HttpDestination.StartAsync("a");
        using var tls = new TcpDestination();
        string With(string address) => variant.Configure(Json.Proxy("rr", [Json.Destination("a", address)]));
        await using var gateway = await RunningGateway.StartAsync(With(plain.Address));
        var counts = gateway.Services.GetRequiredService<ForwardedRequests>();
        using var client = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(client, Ask));

        await gateway.ReloadAsync(With($"https://{tls.EndPoint}"));
        await client.SendAsync(Ask);
        using (var accepted = await tls.AcceptedAsync())
        {
            var first = new byte[1];
            Assert.Equal(1, await accepted.ReceiveAsync(first));
            Assert.Equal(TlsHandshake, first[0]);
        }

        Assert.Equal(502, (await client.Reader.ReadAnswerAsync()).Status);
        Assert.Equal(1, counts.Yarp);

        await gateway.ReloadAsync(With(plain.Address));
        using var another = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(another, Ask));
        Assert.Equal(2, counts.Lane + counts.Pipeline);
    }

    [LinuxTheory]
    [InlineData(""" "AllowedHosts": "b.example", """, 400)]
    [InlineData(""" "Logging": { "LogLevel": { "Microsoft.AspNetCore.Hosting.Diagnostics": "Information" } }, """, 200)]
    public async Task SomebodyWantsToSeeEveryRequestFromNowOn_ConnectionLeavesTheLane(string more, int status)
    {
        await using var destination = await HttpDestination.StartAsync("a");
        var json = Lane.Configure(Json.Proxy("rr", [Json.Destination("a", destination.Address)]));
        await using var gateway = await RunningGateway.StartAsync(json);
        using var client = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(client, Ask));
        Assert.Equal((1, 0), Counts(gateway));

        await gateway.ReloadAsync(json.Insert(1, more));
        await client.SendAsync(Ask);
        Assert.Equal(status, (await client.Reader.ReadAnswerAsync()).Status);
        Assert.Equal(1, Counts(gateway).Lane);

        await gateway.ReloadAsync(json);
        using var another = await ConnectAsync(gateway);
        Assert.Equal("a", await AskAsync(another, Ask));
        Assert.Equal(2, Counts(gateway).Lane);
    }

    [Fact]
    public void Target_OfAnAddressWithTls_IsNotMade() => Assert.Throws<ArgumentException>(
        () => new UpstreamTarget(new Uri("https://127.0.0.1:1"), null, null, TimeProvider.System));
}
