using System.Text.Json.Nodes;
using Gateway.Configuration;

namespace Gateway.Management.Changes;

/// <summary>A change that is in force, with all that is needed to keep it or to take it back.</summary>
internal sealed class PendingChange(
    ChangeRequest request, ChangeView change, LoadedConfiguration before, LoadedConfiguration next, JsonObject overlay,
    GuardWatch.Reading reading, DateTimeOffset until) : IDisposable
{
    private ITimer? _timer;
    private int _rollingBack;

    public ChangeRequest Request { get; } = request;

    public ChangeView Change { get; } = change;

    public LoadedConfiguration Before { get; } = before;

    public LoadedConfiguration Next { get; } = next;

    public JsonObject Overlay { get; } = overlay;

    /// <summary>How things were just before.</summary>
    public GuardWatch.Reading Reading { get; } = reading;

    public DateTimeOffset Until { get; } = until;

    public PendingView View(DateTimeOffset now) => new(
        Until, Math.Max(0, Math.Round((Until - now).TotalSeconds, 1)), Request.By, Request.Comment, Request.Guard, Change.Differences);

    /// <summary>Begins to look after it.</summary>
    public void Watch(TimeProvider time, TimeSpan pace, Action look) =>
        _timer = time.CreateTimer(_ => look(), null, TimeSpan.Zero, pace);

    /// <summary>True for the first who wants to roll it back.</summary>
    public bool TryBeginRollback() => Interlocked.Exchange(ref _rollingBack, 1) == 0;

    public void Dispose() => _timer?.Dispose();
}
