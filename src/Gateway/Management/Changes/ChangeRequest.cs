namespace Gateway.Management.Changes;

/// <summary>A change that somebody wants.</summary>
/// <param name="By">Who.</param>
/// <param name="Comment">What it is for.</param>
internal sealed record ChangeRequest(string By, string Comment)
{
    /// <summary>Whether whoever wants it has logged in; without that some keys are not changed.</summary>
    public bool HasLogin { get; init; }

    /// <summary>Only tell what would be.</summary>
    public bool DryRun { get; init; }

    /// <summary>Roll back after this time unless confirmed; null keeps it at once.</summary>
    public TimeSpan? Confirm { get; init; }

    public Guard Guard { get; init; } = new();

    /// <summary>The revision the change was made for; null is any.</summary>
    public string? IfRevision { get; init; }

    /// <summary>Whether the last user or token may go, after which everybody on this machine is an administrator.</summary>
    public bool MayRemoveLogins { get; init; }
}
