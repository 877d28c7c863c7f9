using System.Text.Json.Nodes;
using Gateway.Configuration;
using Gateway.Management.Api;

namespace Gateway.Management.Changes;

/// <summary>A change that is in force, with all that is needed to keep it or to take it back.</summary>
internal sealed class PendingChange(
    ChangeRequest request, ChangeView change, LoadedConfiguration before, LoadedConfiguration next, JsonObject overlay,
    GuardWatch.Reading reading, DateTimeOffset until) : IDisposable
{
    /// <summary>How long after a refused rollback the next one is tried.</summary>
    public static readonly TimeSpan RetryPace = TimeSpan.FromSeconds(2);

    private volatile FailedRollback? _failed;
    private ITimer? _timer;
    private int _looking;

    /// <summary>A rollback that was refused.</summary>
    /// <param name="Reason">Why it was wanted.</param>
    /// <param name="Refusals">Why it was refused.</param>
    /// <param name="Again">When to try again.</param>
    internal sealed record FailedRollback(string Reason, IReadOnlyList<ConfigurationError> Refusals, DateTimeOffset Again);

    public ChangeRequest Request { get; } = request;

    public ChangeView Change { get; } = change;

    public LoadedConfiguration Before { get; } = before;

    public LoadedConfiguration Next { get; } = next;

    public JsonObject Overlay { get; } = overlay;

    /// <summary>How things were just before.</summary>
    public GuardWatch.Reading Reading { get; } = reading;

    public DateTimeOffset Until { get; } = until;

    /// <summary>The latest rollback that was refused; null when none was.</summary>
    public FailedRollback? Failed { get => _failed; set => _failed = value; }

    public PendingView View(DateTimeOffset now) => new(
        Until, Math.Max(0, Math.Round((Until - now).TotalSeconds, 1)), Request.By, Request.Comment, Request.Guard, Change.Differences,
        Failed is null ? PendingStatus.Waiting : PendingStatus.RollbackFailed, [.. (Failed?.Refusals ?? []).Select(ErrorView.Of)]);

    /// <summary>Begins to look after it.</summary>
    public void Watch(TimeProvider time, TimeSpan pace, Action look) =>
        _timer = time.CreateTimer(_ => look(), null, TimeSpan.Zero, pace);

    /// <summary>True for one look at a time, so that none waits for another.</summary>
    public bool TryBeginLook() => Interlocked.Exchange(ref _looking, 1) == 0;

    public void EndLook() => Volatile.Write(ref _looking, 0);

    public void Dispose() => _timer?.Dispose();
}
