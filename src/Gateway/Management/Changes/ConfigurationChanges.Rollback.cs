using Gateway.Configuration;

namespace Gateway.Management.Changes;

/// <content>Takes a change that waits to be confirmed back: when somebody says so, when its guard is broken, when its time is
/// over.</content>
internal sealed partial class ConfigurationChanges
{
    /// <summary>Takes the change that waits back at once.</summary>
    public async Task<ChangeOutcome> RollbackAsync(string by, CancellationToken cancellation)
    {
        if (Volatile.Read(ref _pending) is not { } pending
            || await RollBackAsync(pending, $"by {by}", cancellation) is not { } refusals)
        {
            return new(null, StatusCodes.Status409Conflict, "No change waits to be confirmed; it may have been rolled back.");
        }

        return refusals.Count == 0
            ? new(pending.Change with { Pending = null, Revision = pending.Before.Revision })
            : new(null, StatusCodes.Status409Conflict,
                "What was before cannot be put in force again yet, and is tried until it can; the change is still in force.", refusals);
    }

    /// <summary>Looks whether the change has to be taken back, and does so; must not throw, since nobody waits for it.</summary>
    private async Task GuardAsync(PendingChange pending)
    {
        if (!pending.TryBeginLook())
        {
            return;
        }

        try
        {
            var now = _time.GetUtcNow();
            var reason = pending.Failed is { } failed ? (now >= failed.Again ? failed.Reason : null)
                : GuardWatch.WhyBroken(pending.Request.Guard, pending.Reading, GuardWatch.Reading.Of(_store.Current))
                    ?? (now >= pending.Until ? "nobody confirmed it in time" : null);
            if (reason is not null)
            {
                await RollBackAsync(pending, reason, CancellationToken.None);
            }
        }
        catch (ObjectDisposedException)
        {
            // Gateway ends, and the change with it: it is in no file.
        }
        catch (Exception e)
        {
            LogGuardFailed(e);
        }
        finally
        {
            pending.EndLook();
        }
    }

    /// <summary>Puts what was before in force again.</summary>
    /// <returns>Why that was refused: then the change waits on, and it is tried again. Null when it did not wait any longer.
    /// </returns>
    private async Task<IReadOnlyList<ConfigurationError>?> RollBackAsync(
        PendingChange pending, string reason, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (!ReferenceEquals(_pending, pending))
            {
                return null;
            }

            var refusals = await _inForce.ReplaceAsync(pending.Before, CancellationToken.None, pending.Next);
            if (refusals.Count > 0)
            {
                // It may also have given way to the file while this waited for its turn.
                return ReferenceEquals(Volatile.Read(ref _pending), pending) ? Refused(pending, reason, refusals) : null;
            }

            Interlocked.CompareExchange(ref _pending, null, pending);
            pending.Dispose();
            _reloader?.NoteApplied();
            LogRolledBack(reason, pending.Before.Revision);
            _events.Add("configuration", $"change rolled back: {reason}", who: pending.Request.By);
            return refusals;
        }
        finally
        {
            _turn.Release();
        }
    }

    private IReadOnlyList<ConfigurationError> Refused(
        PendingChange pending, string reason, IReadOnlyList<ConfigurationError> refusals)
    {
        // Told once, and again when the refusal is another.
        if ($"{pending.Failed?.Refusals[0]}" != $"{refusals[0]}")
        {
            LogCannotRollBack(reason, refusals[0]);
            _events.Add("configuration",
                $"change cannot be rolled back ({reason}): {refusals[0]} It stays in force, and it is tried again.", who: pending.Request.By);
        }

        pending.Failed = new(reason, refusals, _time.GetUtcNow() + PendingChange.RetryPace);
        return refusals;
    }

    [LoggerMessage(LogLevel.Warning, "A change was rolled back: {Reason}. Revision {Revision} is in force again.")]
    private partial void LogRolledBack(string reason, string revision);

    [LoggerMessage(LogLevel.Error, "A change cannot be rolled back ({Reason}), stays in force, and it is tried again: {Refusal}")]
    private partial void LogCannotRollBack(string reason, ConfigurationError refusal);

    [LoggerMessage(LogLevel.Error, "Looking after a change that waits to be confirmed failed; it is looked at again.")]
    private partial void LogGuardFailed(Exception exception);
}
