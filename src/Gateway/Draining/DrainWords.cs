using Gateway.Clusters;

namespace Gateway.Draining;

/// <summary>A drain's word on a destination, over the one that stood before: a drain of the cluster over a person's own, one of
/// the destination over both. Each holds until it is taken back itself, or a person says something else.</summary>
internal static class DrainWords
{
    /// <summary>Whether the word is the drain's, or one over it.</summary>
    public static bool Hold(DrainJob job, AdminWord? word) => word is not null && (IsOf(job, word) || Hold(job, word.Over));

    /// <summary>The word by which a drain begins.</summary>
    /// <param name="job">The drain.</param>
    /// <param name="before">What stands on the destination so far.</param>
    /// <param name="jobs">All drains that are known.</param>
    public static AdminWord Begin(DrainJob job, AdminWord? before, IReadOnlyList<DrainJob> jobs) =>
        new(AdminOrder.Drain, job.Who, job.Why, job.Started)
        {
            StickyUntil = job.StickyUntil ?? job.Deadline,
            Over = Beneath(job, before, jobs),
        };

    /// <summary>What is left when the drain is taken back.</summary>
    public static AdminWord? Without(DrainJob job, AdminWord? word) =>
        word is null ? null
        : IsOf(job, word) ? word.Over
        : word.Over is null ? word
        : word with { Over = Without(job, word.Over) };

    /// <summary>At most one word of a person's own and one drain of the cluster or the destination, whichever the new one is not: a
    /// drain of the same thing takes the place of the earlier one.</summary>
    private static AdminWord? Beneath(DrainJob job, AdminWord? before, IReadOnlyList<DrainJob> jobs)
    {
        if (before is null)
        {
            return null;
        }

        if (jobs.FirstOrDefault(other => other.Status != DrainStatus.Cancelled && IsOf(other, before)) is not { } earlier)
        {
            return before with { Over = null };
        }

        var beneath = Beneath(job, before.Over, jobs);
        return (earlier.DestinationId is null) == (job.DestinationId is null) ? beneath : before with { Over = beneath };
    }

    private static bool IsOf(DrainJob job, AdminWord word) => word.Order == AdminOrder.Drain && word.Since == job.Started;
}
