using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Tests.Scheduling;

/// <summary>Eight threads and a million picks.</summary>
public class SchedulerConcurrencyTests
{
    private const int Threads = 8;
    private const int PicksPerThread = 125_000;

    public static TheoryData<string> All => [.. Schedulers.Names];

    [Theory]
    [InlineData("rr", "A B C D E", 200_000, 200_000, 200_000, 200_000, 200_000)]
    [InlineData("rr", "A9 B0 C1", 500_000, 0, 500_000)]
    [InlineData("wrr", "A5 B3 C2", 500_000, 300_000, 200_000)]
    [InlineData("wrr", "A1 B7 C8 D4", 50_000, 350_000, 400_000, 200_000)]
    [InlineData("wrr", "A3 B197", 15_000, 985_000)]
    public async Task Bind_FixedListFromManyThreads_GivesExactShares(string scheduler, string destinations, params int[] shares)
    {
        var pool = new Pool(destinations, scheduler);

        await OnEveryThread(_ =>
        {
            for (var i = 0; i < PicksPerThread; i++)
            {
                pool.Scheduler.Bind(Pool.From("10.0.0.1"))!.State.Unbind();
            }
        });

        Assert.Equal(shares, pool.Scheduler.Destinations.Select(d => (int)d.State.Flows));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Bind_WhileTheListChanges_NeverExceedsALimitAndLosesNoCount(string scheduler)
    {
        var pool = new Pool("A3 B2 C1 D4", scheduler);
        foreach (var id in "ABCD".Select(letter => letter.ToString()))
        {
            pool.Edit(id, Limited);
        }

        // lblc keeps a key above the threshold, as the kernel does; the limit of connections holds for it too.
        var limit = scheduler == "lblc" ? 3 : 2;
        var states = "ABCD".Select(letter => pool.State(letter.ToString())).ToList();
        using var isOver = new CancellationTokenSource();
        var editing = Task.Run(() => EditUntil(pool, isOver.Token));
        var highest = new int[Threads];

        await OnEveryThread(thread =>
        {
            for (var i = 0; i < PicksPerThread / Schedulers.Names.Count; i++)
            {
                if (pool.Scheduler.Bind(Pool.From("10.0.0.1", i) with { Key = new FlowKey((uint)i, 1 + ((ulong)i % 50)) }) is { } bound)
                {
                    highest[thread] = Math.Max(highest[thread], bound.State.Active);
                    bound.State.Unbind();
                }
            }
        });
        await isOver.CancelAsync();
        await editing;

        Assert.InRange(highest.Max(), 1, limit);
        Assert.All(states, state => Assert.Equal(0, state.Load.Word));
    }

    // After all the turmoil the board must hold what the counters say.
    [Fact]
    public async Task Bind_AfterManyThreadsEnded_ComparesTheTrueLoads()
    {
        var pool = new Pool("A B C D", "wlc");
        await OnEveryThread(_ =>
        {
            var mine = new Queue<DestinationState>();
            for (var i = 0; i < 20_000; i++)
            {
                mine.Enqueue(pool.Scheduler.Bind(Pool.From("10.0.0.1"))!.State);
                if (mine.Count > 10)
                {
                    mine.Dequeue().Unbind();
                }
            }
        });

        for (var i = 0; i < 8; i++)
        {
            var least = pool.Scheduler.Destinations.MinBy(d => d.State.Load.Overhead);

            Assert.Equal(least, pool.Scheduler.Bind(Pool.From("10.0.0.1")));
        }
    }

    private static DestinationOptions Limited(DestinationOptions options) =>
        options with { MaxConnections = 3, UpperThreshold = 2, LowerThreshold = 2 };

    private static void EditUntil(Pool pool, CancellationToken isOver)
    {
        for (var i = 0; !isOver.IsCancellationRequested; i++)
        {
            pool.Probe("A", i % 2 == 0 ? ProbeVerdict.Down : ProbeVerdict.Up);
            pool.Edit("B", b => b with { Weight = i % 4 });
            if (i % 3 == 0)
            {
                pool.Remove("D");
                pool.Add("D4", Limited);
            }
        }
    }

    private static Task OnEveryThread(Action<int> work) => Task.WhenAll(Enumerable.Range(0, Threads)
        .Select(thread => Task.Factory.StartNew(
            () => work(thread), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
}
