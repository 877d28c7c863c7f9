using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>The rule of persistence over one list of destinations: a known client returns to where it was.</summary>
/// <remarks>
/// <para>Rule: neither the threshold nor weight 0 or another drain sends a known client away, before the drain's
/// <c>StickyUntil</c>. While its destination is down, is at its limit of connections, or already failed for this flow, it is scheduled like any other, and stays known there when there is
/// nobody else. A destination that was removed, or drains under <c>LeaveDrained</c>, is forgotten, and so is a backup that does
/// not serve beside the others.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_core.c, <c>ip_vs_sched_persist</c>, and ip_vs_conn.c,
/// <c>ip_vs_check_template</c>. The kernel knows no limit of connections, and no standing but the list itself.</para>
/// </remarks>
/// <param name="destinations">All destinations of the cluster.</param>
/// <param name="ordinary">Those of them that serve first; no others have known clients.</param>
/// <param name="table">Who is known, and where.</param>
internal sealed class Homecoming(Destination[] destinations, Destination[] ordinary, PersistenceTable table)
{
    private readonly Dictionary<DestinationState, Destination> _byState = ordinary.ToDictionary(d => d.State);

    public PersistenceTable Table { get; } = table;

    /// <summary>Reserves the flow at its client's destination; null when the scheduler has to choose.</summary>
    public Destination? Bind(in Flow flow, Exclusions? exclusions)
    {
        if (PersistenceKey.Of(flow, Table.Options) is not { } key)
        {
            return null;
        }

        var home = Find(key, out var isGone);
        if (home is not null && Welcomes(home, exclusions) && Reservation.Try(home, flow, overThreshold: true))
        {
            Table.Set(key, home.State);
            return home;
        }

        if (isGone)
        {
            Table.Forget(key);
        }

        return null;
    }

    public void Remember(in Flow flow, Destination chosen)
    {
        if (PersistenceKey.Of(flow, Table.Options) is { } key)
        {
            Table.Set(key, chosen.State);
        }
    }

    /// <summary>Why the flow would go to its client's destination; null when the scheduler would have to choose.</summary>
    public Explanation? Explain(in Flow flow, Exclusions? exclusions) =>
        PersistenceKey.Of(flow, Table.Options) is { } key
        && Find(key, out _) is { State.IsAtMaximum: false } home
        && Welcomes(home, exclusions)
            ? Explanation.Of(
                destinations, exclusions, home, $"persistence: {key} is remembered", _ => Verdict.RememberedElsewhere)
            : null;

    private static bool Welcomes(Destination home, Exclusions? exclusions) =>
        home.IsWelcoming && exclusions?.Contains(home) != true;

    private Destination? Find(PersistenceKey key, out bool isGone)
    {
        isGone = false;
        if (Table.Find(key) is not { } state)
        {
            return null;
        }

        isGone = !_byState.TryGetValue(state, out var home) || (home.Judgement.Availability == Availability.Draining && Table.Options.LeaveDrained);
        return isGone ? null : home;
    }
}
