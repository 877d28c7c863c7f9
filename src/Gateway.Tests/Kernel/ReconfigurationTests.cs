using System.Net;
using Gateway.Clusters;
using Gateway.Kernel;
using Gateway.Tests.Support;

namespace Gateway.Tests.Kernel;

/// <summary>Changes of the kernel's rules while flows pass.</summary>
[Collection(Beds.Name)]
public sealed class ReconfigurationTests
{
    private const int Reconfigurations = 200;

    [NamespaceTheory]
    [InlineData("direct")]
    [InlineData("nat")]
    [InlineData("stateless")]
    public async Task Pass_TwoHundredTimesUnderLoad_NoConnectionFailsOrMoves(string forwarding)
    {
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        var store = new ClusterStore(TimeProvider.System);
        using var passes = new KernelPasses(TimeProvider.System, () => []);
        Apply(store, forwarding, 0);
        bed.Director.Inside(() => passes.Pass(store.Current));
        Assert.All(passes.Plan.Paths, path => Assert.True(path.IsInKernel, path.Reason));
        using var held = new HeldFlows();
        await held.OpenAsync(bed, KernelBed.Vip4, 9);
        await held.OpenAsync(bed, KernelBed.Vip6, 9);

        using var stop = new CancellationTokenSource();
        var connections = 0;
        var load = Enumerable.Range(0, 4).Select(i => Task.Run(() => LoadAsync(i % 2 == 0 ? KernelBed.Vip4 : KernelBed.Vip6))).ToArray();
        for (var i = 1; i <= Reconfigurations; i++)
        {
            Apply(store, forwarding, i);
            bed.Director.Inside(() => passes.Pass(store.Current));
            var before = Volatile.Read(ref connections);
            await Eventually.TrueAsync(() => Volatile.Read(ref connections) > before || load.Any(task => task.IsFaulted), "load goes on");
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.Equal("18 stayed", await held.AskAllAsync());
        Assert.True(connections >= Reconfigurations);
        Assert.Equal(0, passes.Status(null).Failures);
        bed.Director.Inside(passes.Remove);

        async Task LoadAsync(IPAddress vip)
        {
            while (!stop.IsCancellationRequested)
            {
                using var client = await BedClient.ConnectAsync(bed.Client, vip, BedJson.Tcp);
                var first = await client.AskAsync();
                Assert.Equal(first, await client.AskAsync());
                Interlocked.Increment(ref connections);
            }
        }
    }

    [NamespaceTheory]
    [InlineData("direct")]
    [InlineData("nat")]
    [InlineData("stateless")]
    public async Task Pass_AgentTakesADestinationOut_ItsFlowsGoOnUntilAProbeFindsItDead(string forwarding)
    {
        using var bed = new KernelBed();
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        var store = new ClusterStore(TimeProvider.System);
        using var passes = new KernelPasses(TimeProvider.System, () => []);
        Apply(store, forwarding, 0);
        bed.Director.Inside(() => passes.Pass(store.Current));
        using var held = new HeldFlows();
        await held.OpenAsync(bed, KernelBed.Vip4, 6);
        await held.OpenAsync(bed, KernelBed.Vip6, 6);
        var ofOne = held.Servers.Count(server => server == "r1");
        var first = store.Current.Clusters[0].Destinations.Where(destination => destination.Id.StartsWith("r1-", StringComparison.Ordinal)).ToArray();

        foreach (var order in new[] { AgentOrder.Maintenance, AgentOrder.Down })
        {
            Array.ForEach(first, destination => store.SetAgent(destination, new AgentWord(order, "it said so", DateTimeOffset.UnixEpoch)));
            bed.Director.Inside(() => passes.Pass(store.Current));
            Assert.DoesNotContain("r1", await DirectForwardingTests.SharesAsync(bed, KernelBed.Vip4, BedJson.Tcp, 6), StringComparison.Ordinal);
            Assert.Equal("12 stayed", await held.AskAllAsync());
        }

        store.SetProbes(first.Select(destination => new ProbeWord(destination, ProbeVerdict.Down, "refused")));
        bed.Director.Inside(() => passes.Pass(store.Current));
        Assert.Equal($"{12 - ofOne} stayed, {ofOne} of r1 reset", await held.AskAllAsync());
        bed.Director.Inside(passes.Remove);
    }

    [NamespaceFact]
    public async Task Pass_InterfaceToOneDestinationIsDown_OtherFlowsGoOnAndItsOwnToo_WhenItIsUpAgain()
    {
        using var bed = new KernelBed(servers: 2);
        bed.Serve(BedJson.Tcp, BedJson.Udp);
        var store = new ClusterStore(TimeProvider.System);
        using var passes = new KernelPasses(TimeProvider.System, () => []);
        store.Apply(
            [new ClusterOptions
            {
                Id = "web",
                Scheduler = new SchedulerOptions { Name = "rr" },
                Destinations = [To("r1", "10.77.0.11"), To("r2", "10.78.0.12")],
            }],
            [new VirtualServerOptions { Id = "web", ClusterId = "web", Listen = [new IPEndPoint(KernelBed.Vip4, BedJson.Tcp)], Forwarding = "direct" }]);
        bed.Director.Inside(() => passes.Pass(store.Current));
        using HeldFlows held = new(), ofFirst = new();
        await held.OpenAsync(bed, KernelBed.Vip4, 4);
        Assert.Equal(2, held.Servers.Count(server => server == "r2"));

        bed.Director.Ip("link set eth1 down");
        await Eventually.TrueAsync(() => Remark().Contains("destination r2", StringComparison.Ordinal), "the way is known to be lost");
        await ofFirst.OpenAsync(bed, KernelBed.Vip4, 4);
        Assert.All(ofFirst.Servers, server => Assert.Equal("r1", server));

        bed.Director.Ip("link set eth1 up");
        await Eventually.TrueAsync(() => Remark().Length == 0, "the way is known to be back");
        Assert.Equal("4 stayed", await held.AskAllAsync());
        Assert.Equal("4 stayed", await ofFirst.AskAllAsync());
        bed.Director.Inside(passes.Remove);

        string Remark()
        {
            bed.Director.Inside(() => passes.Pass(store.Current));
            var path = Assert.Single(passes.Plan.Paths);
            Assert.True(path.IsInKernel, path.Reason);
            return path.Reason;
        }

        static DestinationOptions To(string id, string address) => new() { Id = id, Address = new Uri($"tcp://{address}:{BedJson.Tcp}") };
    }

    /// <summary>Weights that change, a destination that comes and goes, another scheduler now and then.</summary>
    private static void Apply(ClusterStore store, string forwarding, int turn)
    {
        var net = forwarding == "direct" ? "77" : "78";
        int[] weights = [1 + (turn % 3), turn % 2 == 0 ? 1 : 0, 2];
        var destinations = weights.SelectMany((weight, i) => new[] { $"10.{net}.0.{11 + i}", $"[fd{net}::{11 + i}]" }.Select(address =>
            new DestinationOptions { Id = $"r{i + 1}-{address}", Address = new Uri($"tcp://{address}:{BedJson.Tcp}"), Weight = weight }));
        store.Apply(
            [new ClusterOptions
            {
                Id = "web",
                Probe = new ProbeOptions { InitiallyUp = true },
                Scheduler = new SchedulerOptions { Name = turn % 20 < 15 ? "wrr" : "wlc" },
                Destinations = [.. destinations],
            }],
            [new VirtualServerOptions
            {
                Id = "web",
                ClusterId = "web",
                Listen = [new IPEndPoint(KernelBed.Vip4, BedJson.Tcp), new IPEndPoint(KernelBed.Vip6, BedJson.Tcp)],
                Forwarding = forwarding == "stateless" ? "nat" : forwarding,
                Stateless = forwarding == "stateless",
            }]);
    }
}
