using System.Collections.Immutable;
using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>Probes one target again and again, never twice at a time, until it is disposed, for all destinations that have
/// this target and this probe.</summary>
internal sealed partial class ProbeLoop(
    ProbeTarget target, ProbeOptions options, IProber prober, TimeProvider time, ILogger log)
    : IDisposable
{
    // A probe that ends so long after its deadline has not been late: this process stood still, and so did its clock.
    private static readonly TimeSpan _standstill = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private CancellationTokenSource? _deadline;
    private CancellationTokenRegistration _deadlineOfStop;

    public ProbeOptions Options { get; } = options;

    /// <summary>Those who are told of each probe; replaced as a whole, by one thread at a time.</summary>
    public ImmutableArray<ProbeWatch> Watches { get; set; } = [];

    /// <summary>What the results so far amount to.</summary>
    public RiseFall RiseFall { get; } = new(options.Rise, options.Fall, options.InitiallyUp);

    /// <summary>The latest probe that said something of the destination; null before the first.</summary>
    public ProbeResult? Latest { get; private set; }

    /// <summary>Ends when the last probe has: after <see cref="Dispose"/>, or with the exception that broke the loop.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Begins, when <paramref name="before"/> has ended and <paramref name="first"/> passed. Returns without having
    /// probed.</summary>
    public void Start(Task before, TimeSpan first) => Ended = RunAsync(before, first);

    /// <summary>Ends the loop; a probe under way is cut short and not observed.</summary>
    /// <remarks>Returns at once: what hangs on the probe is not run on the caller, who holds the store's lock.</remarks>
    public void Dispose() => _ = _stop.CancelAsync();

    private async Task RunAsync(Task before, TimeSpan first)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            for (var wait = first; ;)
            {
                await Task.Delay(ProbePace.OnGrid(wait, time.GetElapsedTime(0)), time, _stop.Token);
                _stop.Token.ThrowIfCancellationRequested();
                var started = time.GetTimestamp();
                var result = await ProbeAsync();
                _stop.Token.ThrowIfCancellationRequested();

                var taken = time.GetElapsedTime(started);
                Tell(taken > Options.Timeout + _standstill ? StoodStill(result, taken) : result, taken);
                wait = ProbePace.Next(ProbePace.Interval(Options, RiseFall), taken, Random.Shared.NextDouble());
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped: there is nobody left who wants to know.
        }
        finally
        {
            ForgetDeadline();
        }
    }

    private void Tell(ProbeResult result, TimeSpan taken)
    {
        var isVerdict = false;
        if (result.Decides)
        {
            Latest = result;
            isVerdict = RiseFall.Observe(result.Passed);
        }

        var report = new ProbeReport(result, taken, time.GetUtcNow());
        foreach (var watch in Watches)
        {
            watch.Observe(this, report, isVerdict);
        }
    }

    private async Task<ProbeResult> ProbeAsync()
    {
        var deadline = _deadline ??= Deadline();
        deadline.CancelAfter(Options.Timeout);
        try
        {
            return await prober.ProbeAsync(target, deadline.Token);
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            // A prober that throws is wrong about one destination or one answer; all others must go on being probed.
            LogBroken(e, target.Authority);
            return new ProbeResult(ProbeOutcome.LocalFailure, e.GetType().Name);
        }
        finally
        {
            if (!deadline.TryReset())
            {
                ForgetDeadline();
            }
        }
    }

    // Fires with the loop's end too. It serves one probe after the other until it has fired.
    private CancellationTokenSource Deadline()
    {
        var deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _deadlineOfStop = _stop.Token.UnsafeRegister(source => ((CancellationTokenSource)source!).Cancel(), deadline);
        return deadline;
    }

    private void ForgetDeadline()
    {
        _deadlineOfStop.Dispose();
        _deadline?.Dispose();
        _deadline = null;
    }

    private static ProbeResult StoodStill(ProbeResult result, TimeSpan taken) => result.Passed
        ? result
        : new ProbeResult(ProbeOutcome.LocalFailure, $"this process stood still for {taken.TotalSeconds:0} s");

    [LoggerMessage(Level = LogLevel.Error, Message = "The prober of {Target} failed itself, which is a bug")]
    private partial void LogBroken(Exception exception, string target);
}
