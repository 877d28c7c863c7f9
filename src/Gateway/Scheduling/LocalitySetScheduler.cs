using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Locality-based least connection with replication, LVS <c>lblcr</c>: popular content stays on a set of
/// destinations that grows under load and shrinks with time.</summary>
/// <remarks>
/// <para>Rule: a key goes to the least loaded of its set (as wlc compares; those not ready left out). When that one is
/// crowded as in lblc, or none is ready, the one wlc picks among all joins the set. A set that did not change for the
/// expiration loses its most loaded member with the next flow, after that flow's pick.</para>
/// <para>Example: A10 B10 C10. X goes to A. With A at 11 and B at 4, B joins; then X goes to the lighter of A and B. A day
/// later the heavier one leaves.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_lblcr.c; Pai et al., ASPLOS 1998, LARD/R. Neighbour:
/// <see cref="LocalityScheduler"/> keeps one destination a key, and keeps it above its threshold.</para>
/// </remarks>
internal sealed class LocalitySetScheduler(
    Destination[] destinations, SchedulerOptions options, TimeProvider time, LocalitySetScheduler? before = null)
    : IScheduler, IHoldsSeats
{
    private readonly string? _key = options.Key;
    private readonly HashInput _input = new(options);
    private readonly LocalityBoard _board = new(destinations);
    private readonly Dictionary<DestinationState, Destination> _byState = destinations.ToDictionary(d => d.State);
    private readonly long _expiration = (long)(options.Expiration.TotalSeconds * time.TimestampFrequency);
    private readonly LocalityTable<Places> _table =
        (before is not null && before._key == options.Key ? before._table : new LocalityTable<Places>(time)).WithLimits(options);

    public Destination? Pick(in Flow flow, Exclusions? exclusions)
    {
        var key = _input.Key(flow).Identity;
        var places = _table.Use(key);
        if (places is not null)
        {
            var lightest = Lightest(places.In(_byState), exclusions);
            if (places.States.Length > 1 && places.LastUse > places.LastChange + _expiration)
            {
                DropHeaviest(places);
            }

            if (lightest is not null && !_board.IsCrowded(lightest))
            {
                return lightest;
            }
        }

        var chosen = _board.Cheapest(exclusions);
        if (chosen is null || exclusions?.IsForOneFlow == true)
        {
            return chosen;
        }

        if (places is null)
        {
            _table.Put(key, new Places(chosen.State, time.GetTimestamp()));
        }
        else
        {
            places.Add(chosen.State);
        }

        return chosen;
    }

    public void Correct(Destination destination) => _board.Correct(destination);

    public void LeaveSeats() => _board.Leave();

    public Explanation Explain(in Flow flow, Exclusions? exclusions)
    {
        var places = _table.Peek(_input.Key(flow).Identity);
        var states = places?.States ?? [];
        var lightest = places is null ? null : Lightest(places.In(_byState), exclusions);
        var stays = lightest is not null && !_board.IsCrowded(lightest);
        var chosen = stays ? lightest : _board.Cheapest(exclusions);
        return Explanation.Of(
            destinations, exclusions, chosen,
            states.Length == 0 ? "lblcr: a new key, to the lowest cost"
            : stays ? $"lblcr: the lowest cost of the key's {states.Length}"
            : $"lblcr: the key's {states.Length} are crowded, the lowest cost of all joins",
            candidate => stays && !states.Contains(candidate.State) ? Verdict.RememberedElsewhere
                : !stays && candidate == lightest ? Verdict.OverWeight
                : Verdict.Costlier,
            candidate => WeightedLeastConnection.Of(candidate.State.Load, Math.Max(candidate.EffectiveWeight, 1)));
    }

    private static double Cost(Destination destination) =>
        WeightedLeastConnection.Of(destination.State.Load, destination.EffectiveWeight);

    private static Destination? Lightest(Destination[] members, Exclusions? exclusions)
    {
        Destination? lightest = null;
        foreach (var destination in members)
        {
            if (Readiness.IsReady(destination, exclusions)
                && (lightest is null || Cost(destination) < Cost(lightest)))
            {
                lightest = destination;
            }
        }

        return lightest;
    }

    // As in the kernel, neither thresholds nor removal count here, and a member of weight 0 is never the one to go.
    private void DropHeaviest(Places places)
    {
        DestinationState? heaviest = null;
        var highest = double.NegativeInfinity;
        foreach (var state in places.States)
        {
            var weight = _byState.TryGetValue(state, out var destination) ? destination.EffectiveWeight : state.Weight;
            var cost = weight == 0 ? double.NegativeInfinity : WeightedLeastConnection.Of(state.Load, weight);
            if (cost > highest)
            {
                (heaviest, highest) = (state, cost);
            }
        }

        if (heaviest is not null)
        {
            places.Remove(heaviest, places.LastUse);
        }
    }

    /// <summary>The set of one key, newest member first; replaced whole, so that picks read it without a lock.</summary>
    private sealed class Places(DestinationState first, long now) : Locality
    {
        private readonly Lock _gate = new();
        private volatile DestinationState[] _states = [first];
        private long _lastChange = now;
        private volatile Found? _found;

        public DestinationState[] States => _states;

        public long LastChange => Volatile.Read(ref _lastChange);

        /// <summary>The members that are in this list, as they stand in it; the last answer is kept, as a list serves many
        /// flows.</summary>
        public Destination[] In(Dictionary<DestinationState, Destination> list)
        {
            var states = _states;
            if (_found is not { } found || found.List != list || found.States != states)
            {
                _found = found = Find(list, states);
            }

            return found.Members;
        }

        // On its own, because a lambda's captured variables are allocated where the method begins.
        private static Found Find(Dictionary<DestinationState, Destination> list, DestinationState[] states) =>
            new(list, states, [.. states.Select(state => list.GetValueOrDefault(state)).OfType<Destination>()]);

        public void Add(DestinationState state)
        {
            lock (_gate)
            {
                if (!_states.Contains(state))
                {
                    _states = [state, .. _states];
                    Volatile.Write(ref _lastChange, LastUse);
                }
            }
        }

        public void Remove(DestinationState state, long now)
        {
            lock (_gate)
            {
                _states = [.. _states.Where(member => member != state)];
                Volatile.Write(ref _lastChange, now);
            }
        }
    }
    private sealed record Found(
        Dictionary<DestinationState, Destination> List, DestinationState[] States, Destination[] Members);
}
