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
    private readonly IScheduler _backup;
    private readonly Dictionary<DestinationState, Destination> _byState;
    private volatile DecisionRing? _decisions;

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
        _ordered = [.. ListOrder.Of(cluster, before?._ordered).Select(d => IsPanic(cluster) ? AsIfUp(d) : d)];
        _ordinary = [.. _ordered.Where(d => !d.Options.Backup)];
        _byState = _ordered.ToDictionary(d => d.State);

        var options = cluster.Options.Scheduler;
        Destination[] backups = [.. _ordered.Where(d => d.Options.Backup)];
        random ??= Random.Shared;
        _primary = Schedulers.Create(options, _ordinary, _time, random, before?._primary, restart);
        _backup = Schedulers.Create(options, backups, _time, random, before?._backup, restart);
        KeySource = HashInput.KeySource(options);
        Persistence = TakeOver(before?.Persistence, cluster.Options.Persistence, _time);
        _decisions = before?._decisions;
    }

    public Cluster Cluster { get; }

    /// <summary>All destinations in the order in which schedulers walk them.</summary>
    public IReadOnlyList<Destination> Destinations => _ordered;

    /// <summary>What <see cref="Flow.Key"/> must hold for this cluster; null when nothing looks at it.</summary>
    public string? KeySource { get; }

    /// <summary>What <see cref="Flow.PersistenceKey"/> must hold for this cluster, <c>cookie:NAME</c> or
    /// <c>header:NAME</c>; null when nothing looks at it.</summary>
    public string? PersistenceKeySource => Persistence?.Options.Key is { } key && key != "client" ? key : null;

    /// <summary>The clients that are remembered; null when the cluster has no persistence.</summary>
    public PersistenceTable? Persistence { get; }

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
        if (KeyOf(flow) is { } key
            && Home(key, out _) is { State.IsAtMaximum: false } home
            && Welcomes(home, exclusions))
        {
            return Explanation.Of(
                _ordered, exclusions, home, $"persistence: {key} is remembered", _ => Verdict.RememberedElsewhere);
        }

        if (IsAnyReady(exclusions) || _ordinary.Length == _ordered.Length)
        {
            var ordinary = _primary.Explain(flow, exclusions);
            var backups = Explanation.Of(
                [.. _ordered.Where(d => d.Options.Backup)], exclusions, null, "", _ => Verdict.Backup);
            return ordinary with { Candidates = [.. ordinary.Candidates, .. backups.Candidates] };
        }

        var unready = Explanation.Of(_ordinary, exclusions, null, "", _ => Verdict.NotItsTurn);
        var backup = _backup.Explain(flow, exclusions);
        return backup with { Candidates = [.. unready.Candidates, .. backup.Candidates] };
    }

    /// <summary>Lets go of the destinations' counters, after another scheduler has taken over.</summary>
    public void Retire()
    {
        (_primary as IHoldsSeats)?.LeaveSeats();
        (_backup as IHoldsSeats)?.LeaveSeats();
    }

    private static bool IsPanic(Cluster cluster) => cluster.Options.Panic && cluster.Destinations.All(d => !d.IsUp);

    private static Destination AsIfUp(Destination destination) =>
        new(destination.ClusterId, destination.Options, destination.Standing, isUp: true, destination.State, destination);

    private static PersistenceTable? TakeOver(PersistenceTable? before, PersistenceOptions? options, TimeProvider time)
    {
        if (options is null)
        {
            return null;
        }

        var keysMeanTheSame = before is not null
            && before.Options.Key == options.Key
            && before.Options.Mask4 == options.Mask4
            && before.Options.Mask6 == options.Mask6;
        if (!keysMeanTheSame)
        {
            return new PersistenceTable(time, options);
        }

        before!.Options = options;
        return before;
    }

    private static bool TryReserve(Destination destination, in Flow flow, bool overThreshold) => flow.IsDatagrams
        ? destination.State.TryBindInactive(overThreshold)
        : destination.State.TryBind(overThreshold);

    private static Destination? Schedule(IScheduler scheduler, in Flow flow, Exclusions? exclusions)
    {
        // A reservation fails only when another flow took the last place since the pick, so this ends.
        while (scheduler.Pick(flow, exclusions) is { } picked)
        {
            if (TryReserve(picked, flow, scheduler.IgnoresThreshold))
            {
                return picked;
            }
        }

        return null;
    }

    private Destination? BindFlow(in Flow flow, Exclusions? exclusions)
    {
        var key = KeyOf(flow);
        if (key is { } known)
        {
            var home = Home(known, out var isGone);
            if (home is not null && Welcomes(home, exclusions) && TryReserve(home, flow, overThreshold: true))
            {
                Persistence!.Set(known, home.State);
                return home;
            }

            if (isGone)
            {
                Persistence!.Forget(known);
            }
        }

        var chosen = Schedule(_primary, flow, exclusions);
        if (chosen is null && !IsAnyReady(exclusions))
        {
            // Nobody is remembered on a backup: clients leave it as soon as anybody else is ready.
            return Schedule(_backup, flow, exclusions);
        }

        if (chosen is not null && key is { } client)
        {
            Persistence!.Set(client, chosen.State);
        }

        return chosen;
    }

    private PersistenceKey? KeyOf(in Flow flow) =>
        Persistence is null ? null : PersistenceKey.Of(flow, Persistence.Options);

    /// <summary>Where a client is remembered, though it may not be able to go there now; <paramref name="isGone"/> when it
    /// never will: the destination was removed, or is to be left.</summary>
    private Destination? Home(PersistenceKey key, out bool isGone)
    {
        isGone = false;
        if (Persistence!.Find(key) is not { } state)
        {
            return null;
        }

        isGone = !_byState.TryGetValue(state, out var home) || (home.Weight == 0 && Persistence.Options.LeaveDrained);
        return isGone ? null : home;
    }

    // Neither the threshold nor weight 0 sends a known client away; being down does, but only for the time.
    private static bool Welcomes(Destination home, Exclusions? exclusions) =>
        home.IsUp && exclusions?.Contains(home) != true;

    private bool IsAnyReady(Exclusions? exclusions)
    {
        foreach (var destination in _ordinary)
        {
            if (Readiness.IsReady(destination, exclusions))
            {
                return true;
            }
        }

        return false;
    }
}
