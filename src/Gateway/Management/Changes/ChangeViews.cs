using Gateway.Management.Api;

namespace Gateway.Management.Changes;

/// <summary>One value that differs between two configurations.</summary>
/// <param name="Key">Its path.</param>
/// <param name="Before">The value before; null when there was none.</param>
/// <param name="After">The value after; null when there is none.</param>
internal sealed record DifferenceView(string Key, string? Before, string? After);

/// <summary>What a change did, or would do.</summary>
internal sealed record ChangeView
{
    /// <summary>Whether nothing was done.</summary>
    public required bool DryRun { get; init; }

    /// <summary>The number of the version; null after a dry run and while it waits to be confirmed.</summary>
    public int? Version { get; init; }

    /// <summary>The revision of the whole configuration.</summary>
    public required string Revision { get; init; }

    /// <summary>Every value that differs.</summary>
    public required IReadOnlyList<DifferenceView> Differences { get; init; }

    /// <summary>Predicted shares of clusters whose destinations or scheduler differ.</summary>
    public required IReadOnlyList<ShareView> Shares { get; init; }

    public required IReadOnlyList<ErrorView> Warnings { get; init; }

    /// <summary>The change that waits to be confirmed; null when it does not.</summary>
    public PendingView? Pending { get; init; }
}

/// <summary>A change that is in force and rolls back unless it is confirmed.</summary>
/// <param name="Until">When it rolls back.</param>
/// <param name="SecondsLeft">Until then.</param>
/// <param name="By">Who made it.</param>
/// <param name="Comment">What it is for.</param>
/// <param name="Guard">What rolls it back at once.</param>
/// <param name="Differences">What it changed.</param>
/// <param name="Status">Whether it waits, or should be rolled back and cannot be yet.</param>
/// <param name="Refusals">Why what was before could not be put in force again; it is tried until it can.</param>
internal sealed record PendingView(
    DateTimeOffset Until, double SecondsLeft, string By, string Comment, Guard Guard, IReadOnlyList<DifferenceView> Differences,
    PendingStatus Status, IReadOnlyList<ErrorView> Refusals);

/// <summary>How it stands with a change that is not confirmed.</summary>
internal enum PendingStatus
{
    /// <summary>It can be confirmed or rolled back.</summary>
    Waiting,

    /// <summary>It is to be rolled back, and what was before was refused; the change is in force still.</summary>
    RollbackFailed,
}

/// <summary>What rolls a change back before its time.</summary>
/// <param name="MinReady">Fewer ready destinations than this in any cluster that had as many before; 0 is off.</param>
/// <param name="MaxErrorRate">A larger share of failed flows than this, 0 to 1, of at least ten flows since the change; null is
/// off.</param>
internal sealed record Guard(int MinReady = 0, double? MaxErrorRate = null);

/// <summary>A configuration that was in force.</summary>
/// <param name="Number">Rises by one with every change.</param>
/// <param name="Time">When it was made.</param>
/// <param name="By">Who made it.</param>
/// <param name="Comment">What it is for.</param>
/// <param name="Changes">Every value that differed from the version before, as text.</param>
internal sealed record VersionView(
    int Number, DateTimeOffset Time, string By, string Comment, IReadOnlyList<DifferenceView> Changes);
