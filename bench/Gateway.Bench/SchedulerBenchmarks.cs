using BenchmarkDotNet.Attributes;
using Gateway.Scheduling;

namespace Gateway.Bench;

/// <summary>What one decision costs, for each scheduler and number of destinations.</summary>
[MemoryDiagnoser]
public class SchedulerBenchmarks
{
    // Long enough that what the harness does between iterations to the caches does not count, shorter than a time slice.
    private const int Picks = 16 * 1024;
    private const int ThreadPicks = 20_000;

    private BenchPool _pool = null!;
    private IScheduler _scheduler = null!;

    public static IEnumerable<string> AllSchedulers => Schedulers.Names.Take(14);

    [ParamsSource(nameof(AllSchedulers))]
    public string Scheduler { get; set; } = "";

    [Params(3, 10, 100, 1_000, 10_000)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _pool = new BenchPool(Scheduler, Count);
        _scheduler = new BenchPool(Scheduler, Count).CreateScheduler();

        // So that lblc and lblcr know all contents.
        Pick();
        BindAndUnbind();
    }

    [Benchmark(OperationsPerInvoke = Picks)]
    public object? Pick()
    {
        object? last = null;
        for (var i = 0; i < Picks; i++)
        {
            last = _scheduler.Pick(_pool.Flows[i & BenchPool.FlowMask], null);
        }

        return last;
    }

    [Benchmark(OperationsPerInvoke = Picks)]
    public void BindAndUnbind()
    {
        for (var i = 0; i < Picks; i++)
        {
            _pool.ClusterScheduler.Bind(_pool.Flows[i & BenchPool.FlowMask])!.State.Unbind();
        }
    }

    /// <summary>Two threads pick at the same time; what one of them waits for a pick.</summary>
    [Benchmark(OperationsPerInvoke = ThreadPicks)]
    public void PickOnTwoThreads()
    {
        var other = new Thread(() => PickMany(512));
        other.Start();
        PickMany(0);
        other.Join();
    }

    private void PickMany(int first)
    {
        for (var i = first; i < first + ThreadPicks; i++)
        {
            _scheduler.Pick(_pool.Flows[i & BenchPool.FlowMask], null);
        }
    }
}
