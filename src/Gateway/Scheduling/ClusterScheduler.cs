using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>
/// Everything that leads a flow of one cluster to a destination, in order: persistence, the scheduler over the ordinary
/// destinations, the scheduler over the backups; and the reservation that makes the choice count.
/// </summary>
/// <remarks>Built for one <see cref="Clusters.Cluster"/> and replaced with it. What must outlive the list of destinations
/// (the turn of rr and wrr, the keys of lblc, persistence, decisions) is taken over from the one before.</remarks>
internal sealed class ClusterScheduler
{
    private readonly TimeProvider _time;
    private readonly Destination[] _ordered;
    private readonly Destination[] _ordinary;
    private readonly IScheduler _primary;
    private readonly BackupRanks _backups;
    private readonly Homecoming? _homecoming;
    private readonly ShareLimiter? _limiter;
    private volatile DecisionRing? _decisions;

    [ThreadStatic]
    private static Exclusions? _declined;

    /// <param name="cluster">The cluster as it stands now.</param>
    /// <param name="time">The clock of persistence, lblc and lblcr; null is the system's.</param>
    /// <param name="before">The scheduler this one replaces; null for a new cluster.</param>
    /// <param name="restart">Whether an unchanged list counts as edited all the same, as in the kernel.</param>
    /// <param name="random">What schedulers draw from; null is the one all threads share.</param>
    public ClusterScheduler(
        Cluster cluster,
        TimeProvider? time = null,
        ClusterScheduler? before = null,
        bool restart = false,
        Random? random = null)
    {
        Cluster = cluster;
        _time = time ?? TimeProvider.System;
        _ordered = [.. ListOrder.Of(cluster, before?._ordered)
            .Select(d => cluster.InForce(d, _time.GetUtcNow()))];
        var isShort = Readiness.AreTooFew(_ordered, cluster.Options.MinReady);
        _ordinary = [.. _ordered.Where(d => !d.Options.Backup || isShort)];
        var options = cluster.Options.Scheduler;
        random ??= Random.Shared;
        _primary = Schedulers.Create(options, _ordinary, _time, random, before?._primary, restart);
        _backups = new BackupRanks(
            isShort ? [] : [.. _ordered.Where(d => d.Options.Backup)],
            (ofRank, previous) => Schedulers.Create(options, ofRank, _time, random, previous, restart), before?._backups);
        KeySource = HashInput.KeySource(options);
        TellsFlowsApart = HashInput.IsLookedAt(options) || cluster.Options.Persistence is not null;
        _homecoming = cluster.Options.Persistence is { } persistence
            ? new Homecoming(_ordered, _ordinary, PersistenceTable.For(persistence, _time, before?.Persistence))
            : null;
        _decisions = before?._decisions;
        _limiter = ShareLimiter.For(options, _ordinary, _time, before?._limiter);
    }

    public Cluster Cluster { get; }

    /// <summary>All destinations in the order in which schedulers walk them.</summary>
    public IReadOnlyList<Destination> Destinations => _ordered;

    /// <summary>What <see cref="Flow.Key"/> must hold for this cluster; null when nothing looks at it.</summary>
    public string? KeySource { get; }

    /// <summary>Whether one flow may find a place where another finds none.</summary>
    public bool TellsFlowsApart { get; }

    /// <summary>Whether a destination could take one more flow of anybody, be it a client that is known there.</summary>
    public bool HasPlace
    {
        get
        {
            foreach (var destination in _ordered)
            {
                if (destination.IsWelcoming && !destination.State.IsAtMaximum)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>What <see cref="Flow.PersistenceKey"/> must hold for this cluster, <c>cookie:NAME</c> or
    /// <c>header:NAME</c>; null when nothing looks at it.</summary>
    public string? PersistenceKeySource => Persistence?.Options.Key is { } key && key != "client" ? key : null;

    /// <summary>The clients that are remembered; null when the cluster has no persistence.</summary>
    public PersistenceTable? Persistence => _homecoming?.Table;

    /// <summary>Where decisions are kept; null, as at first, keeps none and costs nothing.</summary>
    public DecisionRing? Decisions
    {
        get => _decisions;
        set => _decisions = value;
    }

    /// <summary>
    /// Picks a destination and reserves one flow on it; the caller ends it with <see cref="DestinationState.Unbind"/>, a
    /// UDP client with <see cref="DestinationState.UnbindInactive"/>. Null when no destination may take the flow.
    /// </summary>
    public Destination? Bind(in Flow flow, Exclusions? exclusions = null)
    {
        if (_decisions is not { } decisions)
        {
            return BindFlow(flow, exclusions);
        }

        var explanation = Explain(flow, exclusions);
        var chosen = BindFlow(flow, exclusions);
        decisions.Add(new Decision(_time.GetUtcNow(), flow, chosen, explanation));
        return chosen;
    }

    /// <summary>Where this flow would go now and why, without any effect on later flows.</summary>
    public Explanation Explain(in Flow flow, Exclusions? exclusions = null)
    {
        if (_homecoming?.Explain(flow, exclusions) is { } remembered)
        {
            return remembered;
        }

        if (Readiness.IsAny(_ordinary, exclusions) || _ordinary.Length == _ordered.Length)
        {
            var ordinary = _limiter is { IsOver: false } limiter
                ? limiter.Explain(_primary, flow, exclusions)
                : _primary.Explain(flow, exclusions);
            var backups = Explanation.Of(
                [.. _ordered.Where(d => d.Options.Backup)], exclusions, null, "", _ => Verdict.Backup);
            return ordinary with { Candidates = [.. ordinary.Candidates, .. backups.Candidates] };
        }

        var unready = Explanation.Of(_ordinary, exclusions, null, "", _ => Verdict.NotItsTurn);
        var backup = _backups.Explain(flow, exclusions);
        return backup with { Candidates = [.. unready.Candidates, .. backup.Candidates] };
    }

    /// <summary>Lets go of the destinations' counters, after another scheduler has taken over.</summary>
    public void Retire()
    {
        (_primary as IHoldsSeats)?.LeaveSeats();
        _backups.Retire();
    }

    private static Destination? Schedule(IScheduler scheduler, in Flow flow, Exclusions? exclusions)
    {
        // A reservation fails only when another flow took the last place since the pick, or when the scheduler was
        // replaced meanwhile and does not know; corrected, it will not pick the same again, so this ends.
        while (scheduler.Pick(flow, exclusions) is { } picked)
        {
            if (Reservation.Try(picked, flow, scheduler.IgnoresThreshold))
            {
                return picked;
            }

            (scheduler as IHoldsSeats)?.Correct(picked);
        }

        return null;
    }

    /// <summary>The same while the share of a destination is held back.</summary>
    private Destination? ScheduleWithin(ShareLimiter limiter, in Flow flow, Exclusions? exclusions)
    {
        if (limiter.Arrive(exclusions) is { } waiting && Reservation.Try(waiting, flow, overThreshold: false))
        {
            limiter.Took(waiting);
            return waiting;
        }

        Exclusions? declined = null;
        while (_primary.Pick(flow, declined ?? exclusions) is { } picked)
        {
            if (!limiter.Accepts(picked, flow))
            {
                if (declined is null)
                {
                    // One a thread, since the pick does not leave it.
                    declined = _declined ??= new Exclusions();
                    declined.Reset(exclusions);
                }

                declined.Add(picked);
            }
            else if (Reservation.Try(picked, flow, _primary.IgnoresThreshold))
            {
                limiter.Took(picked);
                return picked;
            }
            else
            {
                (_primary as IHoldsSeats)?.Correct(picked);
            }
        }

        // Nobody else can: rather more than its part than a refusal.
        var chosen = declined is null ? null : Schedule(_primary, flow, exclusions);
        if (chosen is not null)
        {
            limiter.Took(chosen);
        }

        return chosen;
    }

    private Destination? BindFlow(in Flow flow, Exclusions? exclusions)
    {
        if (_homecoming?.Bind(flow, exclusions) is { } home)
        {
            return home;
        }

        var chosen = _limiter is { IsOver: false } limiter
            ? ScheduleWithin(limiter, flow, exclusions)
            : Schedule(_primary, flow, exclusions);
        if (chosen is null && !Readiness.IsAny(_ordinary, exclusions))
        {
            // Nobody is remembered on a backup: clients leave it as soon as anybody else is ready.
            return _backups.Serving(exclusions) is { } backup ? Schedule(backup, flow, exclusions) : null;
        }

        if (chosen is not null)
        {
            _homecoming?.Remember(flow, chosen);
        }

        return chosen;
    }
}
