using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Tests.Support;

namespace Gateway.Tests.Integration;

/// <summary>The cluster of the classic LVS article: two web servers behind wlc with the send/expect pair of piranha, one of
/// which dies under load.</summary>
public class ArticleTests
{
    private const int Requests = 20_000;

    [NeedsTheory("nginx")]
    [InlineData("127.0.0.246", "127.0.0.247", "127.0.0.1")]
    [InlineData("::1", "::1", "[::1]")]
    public async Task Kill_OneOfTwoUnderLoad_LosesNoRequest(string first, string second, string listen)
    {
        if (first.Contains(':') && !Socket.OSSupportsIPv6)
        {
            return;
        }

        await using var v6test1 = await Nginx.StartAsync("v6test1", IPAddress.Parse(first));
        await using var v6test2 = await Nginx.StartAsync("v6test2", IPAddress.Parse(second));
        var json = Json.Proxy("wlc",
            [Json.Destination("v6test1", $"http://{v6test1.EndPoint}"), Json.Destination("v6test2", $"http://{v6test2.EndPoint}")],
            """
            "Probe": { "Kind": "tcp", "Send": "GET / HTTP/1.0\r\n\r\n", "Expect": "HTTP",
                       "Interval": "00:00:00.5", "Timeout": "00:00:00.5", "Rise": 2, "Fall": 1 },
            """);
        await using var gateway = await RunningGateway.StartAsync(json.Insert(json.IndexOf('{') + 1,
            $$""" "Kestrel": { "Endpoints": { "Http": { "Url": "http://{{listen}}:0" } } }, """));
        await Eventually.TrueAsync(() => IsUp(gateway, "v6test1") && IsUp(gateway, "v6test2"), "both were probed");

        var answers = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        var done = 0;
        var load = Parallel.ForEachAsync(
            Enumerable.Range(0, Requests), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, cancellation) =>
            {
                var answer = await gateway.Client.GetStringAsync("/", cancellation);
                answers.AddOrUpdate(answer, 1, (_, count) => count + 1);
                Interlocked.Increment(ref done);
            });
        await Eventually.TrueAsync(() => Volatile.Read(ref done) > Requests / 10, "the load runs");
        await v6test1.KillAsync();
        await Eventually.TrueAsync(() => !IsUp(gateway, "v6test1"), "the dead server is out of rotation");
        await load;

        Assert.Equal(Requests, answers.Values.Sum());
        Assert.True(answers["v6test1"] > 0 && answers["v6test2"] > 0);
        Assert.Equal(2, answers.Count);

        await v6test1.StartAgainAsync();
        await Eventually.TrueAsync(() => IsUp(gateway, "v6test1"), "it returned by rise");
        await Eventually.TrueAsync(
            async () => await gateway.Client.GetStringAsync("/") == "v6test1", "it serves again");
    }

    private static bool IsUp(RunningGateway gateway, string id) =>
        gateway.Store.Current.FindCluster("web")!.Find(id)!.Standing.Probe == ProbeVerdict.Up;
}
