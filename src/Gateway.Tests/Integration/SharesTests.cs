using System.Collections.Concurrent;
using System.Net.Sockets;
using Gateway.Tests.Support;

namespace Gateway.Tests.Integration;

/// <summary>Exact shares over TCP, and one set of counters for both ways to the same destination.</summary>
public class SharesTests
{
    [Fact]
    public async Task Relay_WeightedRoundRobin_SharesExactly()
    {
        using var a = TcpDestination.Named("a");
        using var b = TcpDestination.Named("b");
        using var c = TcpDestination.Named("c");
        await using var gateway = await RunningGateway.StartAsync(Json.Relay("wrr",
        [
            Json.Destination("a", $"tcp://{a.EndPoint}", 3),
            Json.Destination("b", $"tcp://{b.EndPoint}", 2),
            Json.Destination("c", $"tcp://{c.EndPoint}"),
        ]));
        var virtualServer = gateway.VirtualServer("tcp");
        var answers = new ConcurrentDictionary<string, int>();

        await Parallel.ForEachAsync(Enumerable.Range(0, 6000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, cancellation) =>
        {
            using var client = new TcpClient();
            await client.ConnectAsync(virtualServer, cancellation);
            using var reader = new StreamReader(client.GetStream());
            client.Client.Shutdown(SocketShutdown.Send);
            answers.AddOrUpdate(await reader.ReadToEndAsync(cancellation), 1, (_, count) => count + 1);
        });

        Assert.Equal((3000, 2000, 1000), (answers["a"], answers["b"], answers["c"]));
    }

    [Fact]
    public async Task Counters_HttpAndRelayToOneCluster_AddUp()
    {
        await using var a = await HttpDestination.StartAsync("a");
        await using var gateway = await RunningGateway.StartAsync($$"""
            { "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
                "Clusters": { "web": { "Destinations": { {{Json.Destination("a", a.Address)}} } } } },
              "VirtualServers": { "tcp": { "Listen": [ "127.0.0.1:0" ], "Protocol": "tcp", "ClusterId": "web" } } }
            """);
        using var client = new TcpClient();

        await client.ConnectAsync(gateway.VirtualServer("tcp"));
        await Eventually.TrueAsync(() => gateway.State("web", "a").Active == 1, "the relayed connection is counted");
        await gateway.Client.GetStringAsync("/");

        Assert.Equal(2, gateway.State("web", "a").Flows);
    }
}
