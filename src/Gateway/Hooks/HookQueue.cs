using System.Threading.Channels;

namespace Gateway.Hooks;

/// <summary>Tells one hook of one change after another, in their order, again when it did not hear.</summary>
/// <remarks>While a hook does not hear, changes wait, at most <see cref="MostWaiting"/>; then the oldest is dropped, since it
/// says least of how things are.</remarks>
internal sealed partial class HookQueue : IAsyncDisposable
{
    public const int MostWaiting = 1000;

    private static readonly TimeSpan _firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<StateChange> _waiting;
    private readonly IHookTarget _target;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Task _running;

    public HookQueue(HookOptions options, IHookTarget target, TimeProvider time, ILogger log)
    {
        (Options, _target, _time, _log) = (options, target, time, log);
        _waiting = Channel.CreateBounded<StateChange>(
            new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            dropped => LogDropped(options.Id, dropped.Word, dropped.Cluster, dropped.Destination?.Id ?? ""));
        _running = RunAsync();
    }

    public HookOptions Options { get; }

    public void Add(StateChange change) => _waiting.Writer.TryWrite(change);

    /// <summary>Ends at once; what waits is not told.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        (_target as IDisposable)?.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (var change in _waiting.Reader.ReadAllAsync(_stop.Token))
            {
                await TellAsync(change);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The hook has left the configuration, or the program ends.
        }
    }

    private async Task TellAsync(StateChange change)
    {
        var problem = "";
        for (var attempt = 1; attempt <= Options.Attempts; attempt++)
        {
            using var limit = new CancellationTokenSource(Options.Timeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
            problem = await TellOnceAsync(change, either.Token);
            _stop.Token.ThrowIfCancellationRequested();
            if (problem is null)
            {
                return;
            }

            if (attempt < Options.Attempts)
            {
                var pause = _firstPause * Math.Pow(2, attempt - 1);
                await Task.Delay(pause < _longestPause ? pause : _longestPause, _time, _stop.Token);
            }
        }

        LogNotHeard(Options.Id, change.Word, change.Cluster, change.Destination?.Id ?? "", problem!);
    }

    /// <summary>Tells once. An error that nobody expected is one more reason not to have heard, by its type only, since its
    /// words may hold the address.</summary>
    private async Task<string?> TellOnceAsync(StateChange change, CancellationToken deadline)
    {
        try
        {
            return await _target.TellAsync(change, deadline);
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            return $"an error of Gateway ({e.GetType().Name})";
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Hook {Hook} did not hear of {Event} {Cluster}/{Destination}: {Problem}")]
    private partial void LogNotHeard(string hook, string @event, string cluster, string destination, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Hook {Hook} is too slow: {Event} {Cluster}/{Destination} was dropped")]
    private partial void LogDropped(string hook, string @event, string cluster, string destination);
}
