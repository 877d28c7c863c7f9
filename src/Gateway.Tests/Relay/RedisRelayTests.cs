using Gateway.Clusters;
using Gateway.Tests.Support;

namespace Gateway.Tests.Relay;

/// <summary>A service that is not HTTP: real Redis servers, and Redis' own client, with a relay between.</summary>
public abstract class RedisRelayTests(string engine) : RelayTests(engine)
{
    [NeedsFact("redis-server", "redis-cli")]
    public async Task Relay_RedisServers_ServesAllWhileOneIsKilledAndComesBack()
    {
        await using var a = await Redis.StartAsync();
        await using var b = await Redis.StartAsync();
        await Redis.CliAsync(a.EndPoint, "set", "name", "A");
        await Redis.CliAsync(b.EndPoint, "set", "name", "B");
        await using var rig = await StartAsync(a.EndPoint, b.EndPoint);

        Assert.Equal("ABABABABAB", await AskAsync(rig));

        await a.KillAsync();
        Assert.Equal("BBBBBBBBBB", await AskAsync(rig));
        Assert.InRange(rig.State("A").Failures(FailureReason.ConnectRefused), 1, 10);
        Assert.Equal(rig.State("A").Failures(FailureReason.ConnectRefused), rig.State("A").Retries);

        await a.StartAgainAsync();
        await Redis.CliAsync(a.EndPoint, "set", "name", "A");
        Assert.Contains("A", await AskAsync(rig), StringComparison.Ordinal);
    }

    [NeedsFact("redis-server", "redis-cli")]
    public async Task Relay_RedisIsKilledWhileAClientWaits_TheClientIsCutAndGetsTheOther()
    {
        await using var a = await Redis.StartAsync();
        await using var b = await Redis.StartAsync();
        await using var rig = await StartAsync(a.EndPoint, b.EndPoint);
        var relay = rig.Service.Listeners[0].Bound!;
        var waiting = Redis.CliAsync(relay, "blpop", "queue", "0");
        await Eventually(async () =>
            (await Redis.CliAsync(a.EndPoint, "client", "list")).Contains("cmd=blpop", StringComparison.Ordinal));

        await a.KillAsync();

        Assert.DoesNotContain("queue", await waiting, StringComparison.Ordinal);
        Assert.Equal("PONG", await Redis.CliAsync(relay, "ping"));
        Assert.Equal(1, rig.State("B").Flows);
    }

    [NeedsFact("redis-server", "redis-cli", "redis-benchmark")]
    public async Task Relay_RedisBenchmark_EndsWithoutAnError()
    {
        await using var a = await Redis.StartAsync();
        await using var rig = await StartAsync(a.EndPoint);
        var relay = rig.Service.Listeners[0].Bound!;

        await using var benchmark = DebianProcess.Start(
            "redis-benchmark", "-h", relay.Address.ToString(), "-p", $"{relay.Port}", "-n", "2000", "-c", "50", "-P", "4",
            "-d", "10000", "-t", "set,get", "-q");

        Assert.Equal(0, await benchmark.WaitForExitAsync());
        Assert.DoesNotContain("rror", benchmark.Output, StringComparison.Ordinal);
        Assert.InRange(rig.State("A").BytesSent, 20_000_000, 30_000_000);
    }

    private static async Task<string> AskAsync(RelayRig rig)
    {
        var names = "";
        for (var i = 0; i < 10; i++)
        {
            names += await Redis.CliAsync(rig.Service.Listeners[0].Bound!, "get", "name");
        }

        return names;
    }

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, deadline.Token);
        }
    }
}

public class SocketRedisRelayTests() : RedisRelayTests("sockets");

public class LoopRedisRelayTests() : RedisRelayTests("auto");
