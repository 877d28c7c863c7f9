using System.Text.Json.Nodes;
using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Management.Api;
using Gateway.Management.Events;

namespace Gateway.Management.Changes;

/// <summary>Changes the configuration: checks, compares, puts in force, keeps as a version, and rolls back what nobody
/// confirms or what breaks its guard. May be used from any thread.</summary>
/// <remarks>
/// A change that waits to be confirmed is in force and in no file: a crash or a restart rolls it back as well. The overlay is
/// always the difference between the file and what is wanted, so that a change that brings the file's own value back leaves
/// nothing behind.
/// </remarks>
internal sealed partial class ConfigurationChanges : IDisposable
{
    public static readonly TimeSpan GuardPace = TimeSpan.FromMilliseconds(250);

    private readonly ConfigurationInForce _inForce;
    private readonly ConfigurationLoader? _loader;
    private readonly ConfigurationReloader? _reloader;
    private readonly ClusterStore _store;
    private readonly EventLog _events;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Versions _versions;
    private readonly SemaphoreSlim _turn = new(1);
    private PendingChange? _pending;

    public ConfigurationChanges(
        ConfigurationInForce inForce, ClusterStore store, EventLog events, TimeProvider time,
        ILogger<ConfigurationChanges> logger, ConfigurationLoader? loader = null, ConfigurationReloader? reloader = null)
    {
        (_inForce, _store, _events, _time, _logger, _loader, _reloader) = (inForce, store, events, time, logger, loader, reloader);
        _versions = new Versions(inForce.Current.Layers.Overlay.File);
        inForce.Replaced += Superseded;
    }

    /// <summary>The change that waits to be confirmed; null when none does.</summary>
    public PendingView? Pending => Volatile.Read(ref _pending)?.View(_time.GetUtcNow());

    public IReadOnlyList<VersionView> AllVersions() =>
        [.. _versions.All().Select(version => version with { Changes = [.. version.Changes.Select(ConfigurationDifference.Shown)] })];

    public Versions.Version? FindVersion(int number) => _versions.Find(number);

    /// <summary>Changes the configuration by an edit of its JSON.</summary>
    /// <param name="edit">Changes the JSON it is given, which is the file with the overlay over it; returns why it cannot, or
    /// null.</param>
    /// <param name="request">Who and how.</param>
    /// <param name="cancellation">Ends the waiting for others.</param>
    public async Task<ChangeOutcome> ChangeAsync(
        Func<JsonObject, string?> edit, ChangeRequest request, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            return await ChangeInTurnAsync(edit, request, cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Brings back the overlay of a version; 0 is the file alone.</summary>
    public Task<ChangeOutcome> RestoreAsync(int number, ChangeRequest request, CancellationToken cancellation)
    {
        var version = number == 0 ? null : _versions.Find(number);
        if (number != 0 && version is null)
        {
            return Task.FromResult(new ChangeOutcome(null, StatusCodes.Status404NotFound, $"There is no version {number}."));
        }

        return ChangeAsync(
            json =>
            {
                json.Clear();
                MergePatch.Apply(json, ConfigurationTexts.FileOf(_inForce.Current));
                MergePatch.Apply(json, version?.Overlay ?? []);
                return null;
            },
            request with { Comment = request.Comment.Length > 0 ? request.Comment : $"version {number} restored" },
            cancellation);
    }

    /// <summary>Keeps the change that waits.</summary>
    public async Task<ChangeOutcome> ConfirmAsync(string by, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (Interlocked.Exchange(ref _pending, null) is not { } pending)
            {
                return new(null, StatusCodes.Status409Conflict, "No change waits to be confirmed; it may have been rolled back.");
            }

            pending.Dispose();
            _events.Add("configuration", "change confirmed", who: by);
            return await KeepAsync(pending);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _inForce.Replaced -= Superseded;
        _pending?.Dispose();
        _versions.Dispose();
        _turn.Dispose();
    }

    private async Task<ChangeOutcome> ChangeInTurnAsync(
        Func<JsonObject, string?> edit, ChangeRequest request, CancellationToken cancellation)
    {
        var current = _inForce.Current;
        if (Prevented(current, request) is { } prevented)
        {
            return prevented;
        }

        var file = ConfigurationTexts.FileOf(current);
        var before = (JsonObject)file.DeepClone();
        MergePatch.Apply(before, ConfigurationTexts.OverlayOf(current));
        var wanted = (JsonObject)before.DeepClone();
        if (edit(wanted) is { } impossible)
        {
            return new(null, StatusCodes.Status404NotFound, impossible);
        }

        var overlay = MergePatch.Between(file, wanted);
        var loaded = _loader!.Load(current, overlay.Count == 0 ? null : Versions.Bytes(overlay));
        if (loaded.Configuration is not { } next)
        {
            return new(null, StatusCodes.Status422UnprocessableEntity, "The configuration would be wrong.", loaded.Errors);
        }

        if (ConfigurationTexts.Overruled(next, before, wanted).ToList() is { Count: > 0 } overruled)
        {
            return new(null, StatusCodes.Status409Conflict, "Something stronger than the API sets a value.", overruled);
        }

        if (!request.MayRemoveLogins && ManagementRules.HasLogins(current) && !ManagementRules.HasLogins(next))
        {
            return new(null, StatusCodes.Status409Conflict,
                "No login would be left, and everybody on this machine would be an administrator. Say removeLogins=true if that is meant.");
        }

        var change = new ChangeView
        {
            DryRun = request.DryRun,
            Revision = next.Revision,
            Differences = ConfigurationDifference.Between(current.Tree, next.Tree),
            Shares = ConfigurationShares.Between(_store.Current, next.Clusters, _time.GetUtcNow()),
            Warnings = [.. next.Warnings.Select(ErrorView.Of)],
        };
        if (!request.HasLogin && ReservedKeys.Changed(change.Differences, next.Tree) is { Count: > 0 } reserved)
        {
            return new(null, StatusCodes.Status403Forbidden, $"{reserved[0].Key} is changed for somebody who has logged in only.", reserved);
        }

        return request.DryRun || change.Differences.Count == 0
            ? new(change) : await PutInForceAsync(change, request, current, next, overlay, cancellation);
    }

    private ChangeOutcome? Prevented(LoadedConfiguration current, ChangeRequest request) =>
        _loader is null
            ? new(null, StatusCodes.Status409Conflict, "This Gateway runs without a configuration that could be changed.")
        : request.IfRevision is { } expected && expected != current.Revision
            ? new(null, StatusCodes.Status412PreconditionFailed, $"The configuration is at revision {current.Revision} by now.")
        : !request.DryRun && _pending is not null
            ? new(null, StatusCodes.Status409Conflict, "A change waits to be confirmed. Confirm it or roll it back first.")
        : !request.DryRun && _versions.WhyNotWritable() is { } reason
            ? new(null, StatusCodes.Status409Conflict,
                $"Changes cannot be kept: {reason} Let Management:Folder name a folder that may be written.")
        : !request.DryRun && OverlayMoved(current) is { } moved
            ? new(null, StatusCodes.Status409Conflict, $"Changes cannot be kept: {moved} Look at it, then repeat the change.")
        : null;

    /// <summary>Why the overlay must not be written over; null when it holds what is in force. <c>gateway passwd</c> writes it, too,
    /// and what it wrote must not be lost before it has been seen.</summary>
    private static string? OverlayMoved(LoadedConfiguration current)
    {
        try
        {
            return current.Layers.Overlay.File is { } file
                && !JsonNode.DeepEquals(ConfigurationTexts.OverlayOf(current), ConfigurationTexts.OverlayIn(file))
                ? $"{file} has changes that are not in force, or not yet." : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private async Task<ChangeOutcome> PutInForceAsync(
        ChangeView change, ChangeRequest request, LoadedConfiguration before, LoadedConfiguration next, JsonObject overlay,
        CancellationToken cancellation)
    {
        var reading = GuardWatch.Reading.Of(_store.Current);
        var refusals = await _inForce.ReplaceAsync(next, cancellation, before);
        // From here on nobody's going away ends it: what is in force must be kept or taken back.
        if (refusals.Count > 0)
        {
            return new(null, StatusCodes.Status409Conflict, "The configuration cannot be put in force.", refusals);
        }

        reading = reading.WithNewOf(GuardWatch.Reading.Of(_store.Current));
        _reloader?.NoteApplied();
        LogChanged(request.By, next.Revision, change.Differences.Count);
        var pending = new PendingChange(request, change, before, next, overlay, reading, _time.GetUtcNow() + (request.Confirm ?? default));
        if (request.Confirm is not { } limit)
        {
            return await KeepAsync(pending);
        }

        Volatile.Write(ref _pending, pending);
        pending.Watch(_time, GuardPace, () => _ = GuardAsync(pending));
        _events.Add("configuration",
            $"change of {change.Differences.Count} values in force; rolls back in {limit} unless confirmed", who: request.By);
        return new(change with { Pending = pending.View(_time.GetUtcNow()) });
    }

    /// <summary>Writes a change that is in force to disk; takes it back when that fails.</summary>
    private async Task<ChangeOutcome> KeepAsync(PendingChange change)
    {
        if (!ReferenceEquals(_inForce.Current, change.Next))
        {
            return new(null, StatusCodes.Status409Conflict, "The file was changed meanwhile, and is in force.");
        }

        try
        {
            using var turn = change.Before.Layers.Overlay.File is { } file
                ? await OverlayTurn.TakeAsync(file, _time, CancellationToken.None) : null;
            if (OverlayMoved(change.Before) is { } moved)
            {
                throw new IOException(moved);
            }

            var number = _versions.Add(
                change.Overlay.Count == 0 ? null : change.Overlay, change.Request.By, change.Request.Comment,
                change.Change.Differences, _time.GetUtcNow());
            _reloader?.NoteKept(change.Next.Revision);
            _events.Add("configuration", $"version {number}: {change.Change.Differences.Count} values changed", who: change.Request.By);
            return new(change.Change with { Version = number, Pending = null });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await _inForce.ReplaceAsync(change.Before, CancellationToken.None, change.Next);
            _reloader?.NoteApplied();
            return new(null, StatusCodes.Status409Conflict, $"The change cannot be kept and was taken back: {e.Message}");
        }
    }

    /// <summary>A new version of the file takes the place of a change that waits.</summary>
    private void Superseded(LoadedConfiguration next)
    {
        if (Volatile.Read(ref _pending) is { } pending && !ReferenceEquals(next, pending.Next)
            && !ReferenceEquals(next, pending.Before)
            && ReferenceEquals(Interlocked.CompareExchange(ref _pending, null, pending), pending))
        {
            pending.Dispose();
            _events.Add("configuration", "the change that waited to be confirmed gave way to a change of the file", who: pending.Request.By);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Who} put revision {Revision} in force; values changed: {Count}.")]
    private partial void LogChanged(string who, string revision, int count);
}
