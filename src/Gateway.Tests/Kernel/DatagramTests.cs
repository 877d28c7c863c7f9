using System.Net;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>UDP clients whose destination goes: nothing resets a datagram's flow, so it must move by itself.</summary>
[Collection(Beds.Name)]
public sealed class DatagramTests
{
    private const string Probed =
        """ "Probe": { "Kind": "udp", "Send": "who\n", "Expect": "r", "Interval": "00:00:01", "Timeout": "00:00:01", "Rise": 1, "Fall": 1 }, """;

    [NamespaceTheory]
    [InlineData("direct", "")]
    [InlineData("nat", "")]
    [InlineData("nat", """, "Stateless": true""")]
    public async Task DeadOrRemovedDestination_ItsClientsGoElsewhereAtOnce_OthersStay(string forwarding, string keys)
    {
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        await using var gateway = await BedGateway.StartAsync(
            bed, BedJson.Of(forwarding, "rr", [1, 1, 1], server: keys, udp: true, datagrams: Probed), paths: 4);
        await gateway.ReadyAsync(6, "dns");
        var clients = new List<(BedClient Client, string Home)>();
        try
        {
            foreach (var vip in new[] { KernelBed.Vip4, KernelBed.Vip6 })
            {
                clients.AddRange(await OpenAsync(bed, vip, 6));
            }

            Assert.Equal(3, clients.Select(client => client.Home).Distinct().Count());

            // The server is dead: a probe says so, and the next datagram of each of its clients is another server's.
            bed.Programs["r3"].StopAnswering();
            await gateway.ReadyAsync(4, "dns");
            var now = await HomesAsync(clients);
            Assert.DoesNotContain("r3", now);
            Assert.All(clients.Zip(now).Where(pair => pair.First.Home != "r3"), pair => Assert.Equal(pair.First.Home, pair.Second));

            // It stays there, and what is taken out of the configuration is left at once too.
            bed.Programs["r3"].Answer();
            await gateway.ReadyAsync(6, "dns");
            Assert.Equal(now, await HomesAsync(clients));
            await gateway.ReloadAsync(BedJson.Of(forwarding, "rr", [1], server: keys, udp: true, datagrams: Probed));
            Assert.All(await HomesAsync(clients), home => Assert.Equal("r1", home));
        }
        finally
        {
            clients.ForEach(client => client.Client.Dispose());
        }
    }

    private static async Task<List<(BedClient Client, string Home)>> OpenAsync(KernelBed bed, IPAddress vip, int count)
    {
        var clients = new List<(BedClient, string)>();
        for (var i = 0; i < count; i++)
        {
            var client = await BedClient.ConnectAsync(bed.Client, vip, BedJson.Udp, udp: true);
            clients.Add((client, await client.AskAsync()));
        }

        return clients;
    }

    private static async Task<List<string>> HomesAsync(List<(BedClient Client, string Home)> clients)
    {
        var homes = new List<string>();
        foreach (var (client, _) in clients)
        {
            homes.Add(await client.AskAsync());
        }

        return homes;
    }
}
