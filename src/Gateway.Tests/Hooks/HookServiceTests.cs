using Gateway.Clusters;
using Gateway.Hooks;
using Gateway.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Hooks;

public class HookServiceTests
{
    private static readonly DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Follow_Change_IsOneLineWithItsReasons()
    {
        var time = new FakeTime();
        var log = new RecordingLogger<HookService>();
        var store = new ClusterStore(time);
        store.Apply([Web(new ProbeOptions())], []);
        var service = new HookService(store, time, log);
        await service.StartAsync(CancellationToken.None);
        var a = store.Current.FindCluster("web")!.Find("a")!;

        store.SetProbe(a, ProbeVerdict.Up, "Passed");
        store.SetProbe(a, ProbeVerdict.Down, "UnexpectedStatus (503)");
        store.SetAdmin("web", "a", new AdminWord(AdminOrder.Maintenance, "ann", "kernel", time.GetUtcNow()));
        store.SetProbe(a, ProbeVerdict.Up, "Passed");
        store.SetAdmin("web", "a", null);
        await service.StopAsync(CancellationToken.None);

        Assert.Equal(
            [
                "Information web: destination a (10.0.0.1:80) is in service; 1 of 1 in service",
                "Information web: the cluster is in service",
                "Information web: destination a (10.0.0.1:80) is out of service: probe down: UnexpectedStatus (503); 0 of 1 in service",
                "Warning web: no destination is in service any more, of 1",
                "Information web: destination a (10.0.0.1:80) is in service; 1 of 1 in service",
                "Information web: the cluster is in service",
            ],
            log.Lines);
    }

    [Fact]
    public async Task Webhook_Change_IsPostedAsJson()
    {
        await using var server = new ScriptedServer("read", "pause", "send HTTP/1.1 204 No Content\r\n\r\n", "hang");
        var options = new HookOptions
        {
            Id = "pager",
            Url = new Uri($"http://{server.EndPoint}/gateway?team=web"),
            Headers = [new ProbeHeader("Authorization", "Bearer secret")],
        };
        using var target = new WebhookTarget(options);

        Assert.Null(await TellAsync(target));

        await Eventually.TrueAsync(() => server.Received.EndsWith('}'), "the body has come");
        Assert.StartsWith("POST /gateway?team=web HTTP/1.1\r\n", server.Received, StringComparison.Ordinal);
        Assert.Contains("Authorization: Bearer secret\r\n", server.Received, StringComparison.Ordinal);
        Assert.Contains(
            """{"event":"out","cluster":"web","destination":"a","address":"10.0.0.1:80","from":"inservice","to":"out","decidedBy":"probe","reason":"probe down: TimedOut","inService":0,"total":1,"at":"2030-01-01T00:00:00Z"}""",
            server.Received, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("read|pause|send HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "status 500")]
    [InlineData("read|pause|send HTTP/1.1 302 Elsewhere\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "status 302")]
    public async Task Webhook_NotHeard_SaysWhy(string script, string problem)
    {
        await using var server = new ScriptedServer(script.Split('|'));
        using var target = new WebhookTarget(new HookOptions { Id = "pager", Url = new Uri($"http://{server.EndPoint}/") });

        Assert.Equal(problem, await TellAsync(target));
    }

    [Theory]
    [InlineData("http://hook-secret.invalid/", "its name cannot be looked up")]
    [InlineData("http://127.0.0.1:1/hook-secret", "it cannot be connected to")]
    public async Task Webhook_NotReached_SaysWhyWithoutTheAddress(string url, string problem)
    {
        using var target = new WebhookTarget(new HookOptions { Id = "pager", Url = new Uri(url) });

        Assert.Equal(problem, await TellAsync(target));
    }

    [LinuxFact]
    public async Task Command_Change_IsInItsEnvironment()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "out");
        var target = new CommandTarget(["sh", "-c", $"echo $GATEWAY_EVENT $GATEWAY_CLUSTER $GATEWAY_DESTINATION $GATEWAY_ADDRESS $GATEWAY_REASON $GATEWAY_IN_SERVICE $GATEWAY_TOTAL $GATEWAY_TIME > {file}"]);

        Assert.Null(await TellAsync(target));

        Assert.Equal(
            "out web a 10.0.0.1:80 probe down: TimedOut 0 1 2030-01-01T00:00:00.0000000Z\n", await File.ReadAllTextAsync(file));
        Assert.Equal("exit code 3", await TellAsync(new CommandTarget(["sh", "-c", "exit 3"])));
    }

    [Fact]
    public async Task Queue_NotHeard_IsToldAgainInOrderAndThenGivenUp()
    {
        var time = new FakeTime();
        var log = new RecordingLogger<HookService>();
        var target = new FakeTarget("x x ok x x x ok", time);
        await using var queue = new HookQueue(new HookOptions { Id = "pager", Attempts = 3 }, target, time, log);

        queue.Add(Change("a"));
        queue.Add(Change("b"));
        queue.Add(Change("c"));
        await AdvanceUntilAsync(time, () => target.Told.Count == 7);

        Assert.Equal("a a a b b b c", string.Join(' ', target.Told.Select(told => told.Id)));
        var gaps = target.Told.Zip(target.Told.Skip(1), (one, next) => next.At - one.At).ToArray();
        Assert.All([0, 3], first => Assert.InRange(gaps[first], TimeSpan.FromSeconds(1), gaps[first + 1]));
        Assert.Equal(["Warning Hook pager did not hear of out web/b: deaf"], log.Lines);
    }

    [Fact]
    public async Task Queue_TargetThrows_IsLoggedWithoutItsWordsAndTheNextIsTold()
    {
        var time = new FakeTime();
        var log = new RecordingLogger<HookService>();
        var target = new FakeTarget("! ok", time);
        await using var queue = new HookQueue(new HookOptions { Id = "pager", Attempts = 1 }, target, time, log);

        queue.Add(Change("a"));
        queue.Add(Change("b"));
        await AdvanceUntilAsync(time, () => target.Told.Count == 2);

        Assert.Equal(["Warning Hook pager did not hear of out web/a: an error of Gateway (InvalidOperationException)"], log.Lines);
    }

    [Fact]
    public async Task Queue_HookHangs_WaitingChangesAreBounded()
    {
        var log = new RecordingLogger<HookService>();
        await using var queue = new HookQueue(new HookOptions { Id = "pager" }, new FakeTarget(".", TimeProvider.System), new FakeTime(), log);
        queue.Add(Change("first"));

        for (var i = 0; i <= HookQueue.MostWaiting + 1; i++)
        {
            queue.Add(Change($"d{i}"));
        }

        Assert.Contains(log.Lines, line => line.StartsWith("Warning Hook pager is too slow: out web/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("out,lost", "", true)]
    [InlineData("up", "", false)]
    [InlineData("", "WEB", true)]
    [InlineData("", "shop", false)]
    public void Wants_Filters_AreBothHeeded(string on, string clusters, bool wanted)
    {
        var options = new HookOptions
        {
            Id = "pager",
            On = [.. on.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(word => Enum.Parse<StateEvent>(word, true))],
            Clusters = [.. clusters.Split(',', StringSplitOptions.RemoveEmptyEntries)],
        };

        Assert.Equal(wanted, options.Wants(Change("a")));
    }

    [Fact]
    public async Task Apply_SameHook_KeepsWhatWaits()
    {
        await using var server = new ScriptedServer("hang");
        var store = new ClusterStore(TimeProvider.System);
        store.Apply([Web(new ProbeOptions())], []);
        var service = new HookService(store, TimeProvider.System, NullLogger<HookService>.Instance);
        HookOptions Hook() => new() { Id = "pager", Url = new Uri($"http://{server.EndPoint}/"), On = [StateEvent.Up] };
        service.Apply([Hook()]);
        await service.StartAsync(CancellationToken.None);

        store.SetProbe(store.Current.FindCluster("web")!.Find("a")!, ProbeVerdict.Up, "Passed");
        await server.Hanging.WaitAsync(TimeSpan.FromSeconds(30));
        service.Apply([Hook()]);
        await Eventually.TrueAsync(() => server.Received.Contains("\"event\":\"up\"", StringComparison.Ordinal), "the hook was told");
        await service.StopAsync(CancellationToken.None);
    }

    private static ClusterOptions Web(ProbeOptions? probe) => new()
    {
        Id = "web",
        Destinations = [new DestinationOptions { Id = "a", Address = new Uri("http://10.0.0.1:80") }],
        Probe = probe,
    };

    private static StateChange Change(string id)
    {
        var store = new ClusterStore(new FakeTime());
        store.Apply([Web(new ProbeOptions()) with { Destinations = [new DestinationOptions { Id = id, Address = new Uri("http://10.0.0.1:80") }] }], []);
        store.SetProbe(store.Current.FindCluster("web")!.Find(id)!, ProbeVerdict.Down, "TimedOut");
        return new StateChange(StateEvent.Out, "web", store.Current.FindCluster("web")!.Find(id), Availability.InService, 0, 1, _now);
    }

    private static async Task<string?> TellAsync(IHookTarget target)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await target.TellAsync(Change("a"), deadline.Token);
    }

    private static async Task AdvanceUntilAsync(FakeTime time, Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Run(() => time.Advance(TimeSpan.FromMilliseconds(10)));
            await Task.Yield();
        }
    }

    /// <summary>Hears (<c>ok</c>), does not (<c>x</c>), throws (<c>!</c>), or hangs (<c>.</c>), word by word.</summary>
    private sealed class FakeTarget(string words, TimeProvider time) : IHookTarget
    {
        private readonly Queue<string> _words = new(words.Split(' '));
        private readonly Lock _gate = new();
        private readonly List<(string Id, DateTimeOffset At)> _told = [];

        public IReadOnlyList<(string Id, DateTimeOffset At)> Told
        {
            get
            {
                lock (_gate)
                {
                    return [.. _told];
                }
            }
        }

        public async Task<string?> TellAsync(StateChange change, CancellationToken deadline)
        {
            string word;
            lock (_gate)
            {
                _told.Add((change.Destination!.Id, time.GetUtcNow()));
                word = _words.Dequeue();
            }

            if (word == "!")
            {
                throw new InvalidOperationException("http://hook-secret.example");
            }

            if (word == ".")
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return word == "ok" ? null : "deaf";
        }
    }
}
