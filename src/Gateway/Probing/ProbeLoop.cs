using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>Probes one destination again and again, never twice at a time, until it is disposed.</summary>
internal sealed partial class ProbeLoop(
    Destination destination, ProbeOptions options, IProber prober, TimeProvider time, ILogger log)
    : IDisposable
{
    private readonly ProbeTarget _target = ProbeTarget.Of(destination.Options, options);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>The destination as it was when the loop began; its weight and counters may be others by now.</summary>
    public Destination Destination { get; } = destination;

    /// <summary>What the results so far amount to.</summary>
    public RiseFall RiseFall { get; } = new(options.Rise, options.Fall, options.InitiallyUp);

    /// <summary>Ends when the last probe has: after <see cref="Dispose"/>, or with the exception that broke the loop.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Whether the loop is right for the destination as it stands in a new snapshot. A new weight or limit is
    /// nothing to a probe; a new address or a new probe makes all it found worthless.</summary>
    public bool IsFor(Destination other, ProbeOptions otherOptions) =>
        options == otherOptions
        && Destination.Options.Address == other.Options.Address
        && _target == ProbeTarget.Of(other.Options, otherOptions);

    /// <summary>Begins, when <paramref name="before"/> has ended and <paramref name="first"/> passed, and calls
    /// <paramref name="observe"/> after each probe. Returns without having probed.</summary>
    public void Start(Task before, TimeSpan first, Action<ProbeLoop, ProbeReport> observe) =>
        Ended = RunAsync(before, first, observe);

    /// <summary>Ends the loop; a probe under way is cut short and not observed.</summary>
    /// <remarks>Returns at once: what hangs on the probe is not run on the caller, who holds the store's lock.</remarks>
    public void Dispose() => _ = _stop.CancelAsync();

    private async Task RunAsync(Task before, TimeSpan first, Action<ProbeLoop, ProbeReport> observe)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            for (var wait = first; ;)
            {
                await Task.Delay(wait, time, _stop.Token);
                _stop.Token.ThrowIfCancellationRequested();
                var started = time.GetTimestamp();
                var result = await ProbeAsync();
                _stop.Token.ThrowIfCancellationRequested();

                var taken = time.GetElapsedTime(started);
                observe(this, new ProbeReport(result, taken, time.GetUtcNow()));
                wait = ProbePace.Next(options.Interval, taken, Random.Shared.NextDouble());
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped: there is nobody left who wants to know.
        }
    }

    private async Task<ProbeResult> ProbeAsync()
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
        try
        {
            return await prober.ProbeAsync(_target, deadline.Token);
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            // A prober that throws is wrong about one destination or one answer; all others must go on being probed.
            LogBroken(e, Destination);
            return new ProbeResult(ProbeOutcome.LocalFailure, e.GetType().Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The prober of {Destination} failed itself, which is a bug")]
    private partial void LogBroken(Exception exception, Destination destination);
}
