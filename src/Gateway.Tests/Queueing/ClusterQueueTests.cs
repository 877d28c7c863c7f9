using System.Net;
using Gateway.Clusters;
using Gateway.Queueing;
using Gateway.Scheduling;
using Gateway.Tests.Scheduling;

namespace Gateway.Tests.Queueing;

public class ClusterQueueTests
{
    private static readonly QueueOptions _options = new() { Length = 4, Timeout = TimeSpan.FromSeconds(5) };

    private readonly Pool _pool = new("A", "rr");
    private readonly ClusterQueue _queue;

    public ClusterQueueTests()
    {
        _pool.Edit("A", d => d with { MaxConnections = 1 });
        _queue = new ClusterQueue(_pool.Time, _options, new WaitingCount());
    }

    [Fact]
    public async Task Serve_ClientsWithDifferentNumbers_TakeTurns()
    {
        Fill();
        var waiting = new ulong[] { 1, 1, 1, 2 }.Select(client => (Client: client, Task: Wait(client))).ToList();
        var order = "";

        for (var i = 0; i < 4; i++)
        {
            Free();
            var served = await Task.WhenAny(waiting.Select(w => w.Task)).WaitAsync(TimeSpan.FromSeconds(30));
            order += waiting.Find(w => w.Task == served).Client;
            waiting.RemoveAll(w => w.Task == served);
        }

        Assert.Equal("1211", order);
        Assert.Equal(0, _queue.Count);
    }

    // It is looked for a place at every entry and every 20 ms, in vain most of the time.
    [Theory]
    [InlineData(16, "rr")]
    [InlineData(17, "rr")]
    [InlineData(17, "sh")]
    [InlineData(100, "lc")]
    [InlineData(100, "sh")]
    public async Task Serve_ManyClientsAndLooksInVain_NobodyIsOvertaken(int clients, string scheduler)
    {
        var pool = new Pool("A", scheduler);
        pool.Edit("A", d => d with { MaxConnections = 1 });
        var queue = new ClusterQueue(pool.Time, _options with { Length = 200 }, new WaitingCount());
        Assert.NotNull(pool.Scheduler.Bind(Pool.From("192.0.2.1")));
        var waiting = new List<Task<Waited>>();
        for (var client = 1; client <= clients; client++)
        {
            waiting.Add(queue.WaitAsync((ulong)client, Pool.From($"192.0.2.{client}"), CancellationToken.None).AsTask());
            queue.Serve(pool.Scheduler);
            queue.ServeAll(pool.Scheduler);
        }

        foreach (var next in waiting)
        {
            queue.ServeAll(pool.Scheduler);
            queue.Serve(pool.Scheduler);
            Assert.False(next.IsCompleted);
            pool.State("A").Unbind();
            queue.Serve(pool.Scheduler);

            Assert.Equal(WaitEnd.Served, (await next.WaitAsync(TimeSpan.FromSeconds(30))).End);
        }
    }

    [Fact]
    public async Task ServeAll_FlowsAreToldApart_TheFirstWithAPlaceIsServedHoweverFarBehind()
    {
        var pool = new Pool("A B", new SchedulerOptions { Name = "sh", Fallback = false });
        pool.Edit("A", d => d with { MaxConnections = 1 });
        pool.Edit("B", d => d with { MaxConnections = 1 });
        var byHome = Enumerable.Range(0, 1000).Select(i => Pool.From($"10.2.{i / 250}.{i % 250}"))
            .ToLookup(flow => pool.Scheduler.Explain(flow).Chosen!.Id);
        var (toA, toB) = (byHome["A"].ToList(), byHome["B"].ToList());
        Assert.NotNull(pool.Scheduler.Bind(toA[0]));
        Assert.NotNull(pool.Scheduler.Bind(toB[0]));
        var queue = new ClusterQueue(pool.Time, _options with { Length = 200 }, new WaitingCount());
        var client = 0UL;
        var waiting = toA.Take(70).Concat(toB.Take(2))
            .Select(flow => queue.WaitAsync(++client, flow, CancellationToken.None).AsTask()).ToList();

        pool.State("B").Unbind();
        queue.Serve(pool.Scheduler);
        Assert.Equal(72, queue.Count);
        queue.ServeAll(pool.Scheduler);

        Assert.Equal("B", (await waiting[70].WaitAsync(TimeSpan.FromSeconds(30))).Destination!.Id);
        Assert.Equal(71, queue.Count);
        pool.State("A").Unbind();
        queue.ServeAll(pool.Scheduler);
        Assert.Equal("A", (await waiting[0].WaitAsync(TimeSpan.FromSeconds(30))).Destination!.Id);
    }

    [Fact]
    public async Task Wait_QueueIsFull_TheLongestLineGivesUpItsNewest()
    {
        Fill();
        var greedy = Enumerable.Range(0, 4).Select(_ => Wait(1)).ToList();
        var another = Wait(1);

        var polite = Wait(2);

        Assert.Equal(new Waited(WaitEnd.Full), await another);
        Assert.Equal(new Waited(WaitEnd.Full), await greedy[3]);
        Assert.False(polite.IsCompleted);
        Assert.Equal((4, 2), (_queue.Count, _queue.Refused));
    }

    [Fact]
    public async Task Wait_TooLong_IsRefusedExactlyThen()
    {
        Fill();
        var waiting = Wait(1);

        _pool.Time.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.False(waiting.IsCompleted);
        _pool.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(new Waited(WaitEnd.Late), await waiting);
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public async Task Wait_ClusterLeaves_IsOverAtOnce()
    {
        Fill();
        var waiting = new[] { Wait(1), Wait(1), Wait(2) };

        _queue.RefuseAll();

        Assert.All(await Task.WhenAll(waiting), waited => Assert.Equal(new Waited(WaitEnd.NoCluster), waited));
        Assert.Equal((0, 3), (_queue.Count, _queue.Refused));
    }

    [Fact]
    public async Task Wait_IsOver_LeavesNoTimerBehind()
    {
        Fill();
        var waiting = Wait(1);

        Free();

        Assert.Equal(WaitEnd.Served, (await waiting).End);
        Assert.Equal(0, _pool.Time.Timers);
    }

    [Fact]
    public async Task Wait_ClientGoes_LeavesItsPlace()
    {
        Fill();
        using var gone = new CancellationTokenSource();
        var waiting = _queue.WaitAsync(1, Pool.From("192.0.2.1"), gone.Token).AsTask();

        await gone.CancelAsync();

        Assert.Equal(new Waited(WaitEnd.Left), await waiting);
        Assert.Equal(0, _queue.Count);
    }

    // A destination that can do 100 requests a second is offered 500 by one greedy and ten polite clients, for 20 s.
    [Fact]
    public void Overload_OneGreedyAndTenPolite_ThePoliteAreServedAndNothingIsWasted()
    {
        var pool = new Pool("A", "rr");
        pool.Edit("A", d => d with { MaxConnections = 10 });
        var rig = new OverloadRig(pool, new QueueOptions { Length = 200, Timeout = TimeSpan.FromSeconds(1) });

        for (var millisecond = 0; millisecond < 20_000; millisecond++)
        {
            rig.Tick();
            if (millisecond % 5 is 0 or 2)
            {
                rig.Ask(client: 0);
            }

            for (var client = 1; client <= 10; client++)
            {
                if ((millisecond + (client * 12)) % 125 == 0)
                {
                    rig.Ask(client);
                }
            }

            Assert.InRange(rig.Queue.Count, 0, 200);
        }

        Assert.InRange(rig.Served.Skip(1).Sum() / (double)rig.Asked.Skip(1).Sum(), 0.95, 1);
        Assert.InRange(rig.Served.Sum(), 0.95 * 100 * 20, 100 * 20);
        var recovery = 0;
        for (; rig.Queue.Count > 0; recovery++)
        {
            rig.Tick();
        }

        Assert.InRange(recovery, 0, 2000);
        Assert.InRange(rig.LongestWait, 0, 1001);
    }

    private void Fill() => Assert.NotNull(_pool.Scheduler.Bind(Pool.From("192.0.2.1")));

    private void Free()
    {
        _pool.State("A").Unbind();
        _queue.Serve(_pool.Scheduler);
    }

    private Task<Waited> Wait(ulong client) =>
        _queue.WaitAsync(client, Pool.From("192.0.2.1"), CancellationToken.None).AsTask();

    /// <summary>Ten places of 100 ms each, before which clients wait; a tick is a millisecond.</summary>
    private sealed class OverloadRig(Pool pool, QueueOptions options)
    {
        private const int ServiceTime = 100;

        private readonly List<(int Client, int Since, Task<Waited> Task)> _waiting = [];
        private readonly Queue<int> _ends = new();
        private int _now;

        public ClusterQueue Queue { get; } = new(pool.Time, options, new WaitingCount());

        public int[] Asked { get; } = new int[11];

        public int[] Served { get; } = new int[11];

        public int LongestWait { get; private set; }

        public void Tick()
        {
            _now++;
            pool.Time.Advance(TimeSpan.FromMilliseconds(1));
            while (_ends.TryPeek(out var end) && end <= _now)
            {
                _ends.Dequeue();
                pool.State("A").Unbind();
                Queue.Serve(pool.Scheduler);
                Collect();
            }

            Collect();
        }

        public void Ask(int client)
        {
            Asked[client]++;
            var flow = new Flow(IPAddress.Loopback, client, IPAddress.Loopback, 80);
            var destination = Queue.Count > 0 ? null : pool.Scheduler.Bind(flow);
            if (destination is not null)
            {
                Serve(client, _now);
            }
            else
            {
                _waiting.Add((client, _now, Queue.WaitAsync((ulong)client, flow, CancellationToken.None).AsTask()));
            }
        }

        private void Collect()
        {
            // Places are reserved at once; those who wait for them hear of it when they run.
            Assert.True(SpinWait.SpinUntil(
                () =>
                {
                    foreach (var (client, since, task) in _waiting.FindAll(w => w.Task.IsCompleted && w.Task.Result.End == WaitEnd.Served))
                    {
                        Serve(client, since);
                        _waiting.RemoveAll(w => w.Task == task);
                    }

                    return _ends.Count == pool.State("A").Active;
                },
                TimeSpan.FromSeconds(20)));
            _waiting.RemoveAll(w => w.Task.IsCompleted && w.Task.Result.End != WaitEnd.Served);
        }

        private void Serve(int client, int since)
        {
            Served[client]++;
            LongestWait = Math.Max(LongestWait, _now - since);
            _ends.Enqueue(_now + ServiceTime);
        }
    }
}
