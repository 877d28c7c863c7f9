using System.Net;
using Gateway.Clusters;
using Gateway.Probing;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Probing;

/// <summary>Everything together, in real time: two real servers, one of which is killed and comes back.</summary>
public class ProbingOfNginxTests
{
    [NeedsTheory("nginx")]
    [InlineData("tcp")]
    [InlineData("http")]
    public async Task Destination_IsKilledAndStartedAgain_LeavesAndReturns(string kind)
    {
        await using var a = await Nginx.StartAsync("a", IPAddress.Parse("127.0.0.246"));
        await using var b = await Nginx.StartAsync("b", IPAddress.IPv6Loopback);
        var store = new ClusterStore(TimeProvider.System);
        store.Apply([Web(kind, a, b)], []);
        using var service = new ProbeService(
            store, TimeProvider.System, NullLogger<ProbeService>.Instance, Probers.Create);
        await service.StartAsync(CancellationToken.None);

        await ReachAsync(store, "a+Passed b+Passed");
        await a.KillAsync();
        await ReachAsync(store, "a-ConnectRefused b+Passed");
        await a.StartAgainAsync();
        await ReachAsync(store, "a+Passed b+Passed");
        await service.StopAsync(CancellationToken.None);
    }

    private static ClusterOptions Web(string kind, Nginx a, Nginx b) => new()
    {
        Id = "web",
        Destinations =
        [
            new DestinationOptions { Id = "a", Address = new Uri($"http://{a.EndPoint}") },
            new DestinationOptions { Id = "b", Address = new Uri($"http://{b.EndPoint}") },
        ],
        Probe = new ProbeOptions
        {
            Kind = kind,
            Send = kind == "tcp" ? "GET / HTTP/1.0\r\n\r\n" : "",
            Expect = kind == "tcp" ? "HTTP" : "",
            Interval = TimeSpan.FromMilliseconds(50),
            Timeout = Probe.Long,
        },
    };

    private static async Task ReachAsync(ClusterStore store, string standings)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Subscribe(snapshot =>
        {
            if (Standings(snapshot) == standings)
            {
                reached.TrySetResult();
            }
        });
        await reached.Task.WaitAsync(Probe.Long, TimeProvider.System);
    }

    private static string Standings(Snapshot snapshot) => string.Join(' ', snapshot.Clusters[0].Destinations
        .Select(destination => $"{destination.Id}{(destination.IsUp ? '+' : '-')}{destination.Standing.ProbeReason}"));
}
