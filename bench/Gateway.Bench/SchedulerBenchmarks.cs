using BenchmarkDotNet.Attributes;
using Gateway.Scheduling;

namespace Gateway.Bench;

/// <summary>What one decision costs, for each scheduler and number of destinations.</summary>
[MemoryDiagnoser]
public class SchedulerBenchmarks
{
    // Long enough that what the harness does between iterations to the caches does not count, shorter than a time slice.
    private const int Picks = 16 * 1024;

    private BenchPool _pool = null!;
    private IScheduler _scheduler = null!;
    private Thread? _other;
    private volatile bool _isOver;

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

    /// <summary>What a pick takes on one thread while another one does nothing but pick.</summary>
    [Benchmark(OperationsPerInvoke = Picks)]
    public object? PickBesideAnother() => Pick();

    [IterationSetup(Target = nameof(PickBesideAnother))]
    public void StartOther()
    {
        _isOver = false;
        using var picks = new ManualResetEventSlim();
        _other = new Thread(() =>
        {
            picks.Set();
            for (var i = BenchPool.FlowMask / 2; !_isOver; i++)
            {
                _scheduler.Pick(_pool.Flows[i & BenchPool.FlowMask], null);
            }
        });
        _other.Start();
        picks.Wait();
    }

    [IterationCleanup(Target = nameof(PickBesideAnother))]
    public void StopOther()
    {
        _isOver = true;
        _other!.Join();
    }
}
