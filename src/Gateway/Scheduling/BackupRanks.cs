using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>The backups of a cluster by rank: those of the lowest rank with a destination ready serve, by the cluster's
/// scheduler among themselves.</summary>
internal sealed class BackupRanks
{
    private readonly (int Rank, Destination[] Destinations, IScheduler Scheduler)[] _ranks;

    /// <param name="backups">The backups in the order in which schedulers walk them.</param>
    /// <param name="create">Makes the scheduler of one rank, after the one that had the same rank before.</param>
    /// <param name="before">The ranks these replace; null for a new cluster.</param>
    public BackupRanks(
        Destination[] backups, Func<Destination[], IScheduler?, IScheduler> create, BackupRanks? before) =>
        // Most clusters have none, which needs no sorting.
        _ranks = backups.Length == 0 ? [] :
        [
            .. backups.GroupBy(destination => destination.Options.BackupRank).OrderBy(group => group.Key).Select(group =>
            {
                Destination[] destinations = [.. group];
                var previous = before is null ? null : Array.Find(before._ranks, rank => rank.Rank == group.Key).Scheduler;
                return (group.Key, destinations, create(destinations, previous));
            }),
        ];

    /// <summary>The scheduler whose turn it is; null when no backup is ready.</summary>
    public IScheduler? Serving(Exclusions? exclusions)
    {
        var serving = IndexOfServing(exclusions);
        return serving < 0 ? null : _ranks[serving].Scheduler;
    }

    /// <summary>The same as <see cref="IScheduler.Explain"/>, over all backups.</summary>
    public Explanation Explain(in Flow flow, Exclusions? exclusions)
    {
        // When none is ready, the first rank tells why.
        var serving = Math.Max(0, IndexOfServing(exclusions));
        var explanation = new Explanation(null, "", []);
        List<Candidate> candidates = [];
        for (var i = 0; i < _ranks.Length; i++)
        {
            var (_, destinations, scheduler) = _ranks[i];
            var ofRank = i == serving
                ? explanation = scheduler.Explain(flow, exclusions)
                : Explanation.Of(destinations, exclusions, null, "", _ => Verdict.Backup);
            candidates.AddRange(ofRank.Candidates);
        }

        return explanation with { Candidates = candidates };
    }

    /// <summary>Lets go of the destinations' counters.</summary>
    public void Retire()
    {
        foreach (var (_, _, scheduler) in _ranks)
        {
            (scheduler as IHoldsSeats)?.LeaveSeats();
        }
    }

    private int IndexOfServing(Exclusions? exclusions)
    {
        for (var i = 0; i < _ranks.Length; i++)
        {
            if (Readiness.IsAny(_ranks[i].Destinations, exclusions))
            {
                return i;
            }
        }

        return -1;
    }
}
