using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Locality-based least connection, LVS <c>lblc</c>: content stays where it was served before, until that
/// destination is crowded.</summary>
/// <remarks>
/// <para>Rule: a key goes where it went last, even above the upper threshold; only when that destination is gone, has
/// weight 0, or has more active flows than its weight while another has fewer than half of its own, the key moves to
/// whom wlc picks. So a weight is a capacity in flows: with weight 1 nothing stays anywhere.</para>
/// <para>Example: A10 B10. X goes to A. With A at 11 and B at 4, X moves to B; with B at 5 it stays on A.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_lblc.c; Pai et al., "Locality-Aware Request Distribution", ASPLOS 1998.
/// Neighbours: <see cref="LocalitySetScheduler"/> keeps several destinations a key; <see cref="DestinationHashing"/>
/// keeps no memory. A limit of connections always holds, and a retry is not remembered; the kernel knows neither.</para>
/// </remarks>
internal sealed class LocalityScheduler(
    Destination[] destinations, SchedulerOptions options, TimeProvider time, LocalityScheduler? before = null)
    : IScheduler, IHoldsSeats
{
    private readonly string? _key = options.Key;
    private readonly HashInput _input = new(options);
    private readonly LocalityBoard _board = new(destinations);
    private readonly Dictionary<DestinationState, Destination> _byState = destinations.ToDictionary(d => d.State);
    private readonly LocalityTable<Place> _table =
        (before is not null && before._key == options.Key ? before._table : new LocalityTable<Place>(time)).WithLimits(options);

    public bool IgnoresThreshold => true;

    public Destination? Pick(in Flow flow, Exclusions? exclusions)
    {
        var key = _input.Key(flow).Identity;
        var place = _table.Use(key);
        if (place is not null && Remembered(place, exclusions) is { } remembered)
        {
            return remembered;
        }

        var chosen = _board.Cheapest(exclusions);
        if (chosen is null || exclusions?.IsForOneFlow == true)
        {
            return chosen;
        }

        if (place is null)
        {
            _table.Put(key, new Place(chosen.State));
        }
        else
        {
            place.State = chosen.State;
        }

        return chosen;
    }

    public void Correct(Destination destination) => _board.Correct(destination);

    public void LeaveSeats() => _board.Leave();

    public Explanation Explain(in Flow flow, Exclusions? exclusions)
    {
        var place = _table.Peek(_input.Key(flow).Identity);
        var remembered = place is null ? null : Remembered(place, exclusions);
        var chosen = remembered ?? _board.Cheapest(exclusions);
        return Explanation.Of(
            destinations, exclusions, chosen,
            place is null ? "lblc: a new key, to the lowest cost"
            : remembered is null ? "lblc: the key leaves its destination, to the lowest cost"
            : "lblc: the key is remembered",
            candidate => remembered is not null ? Verdict.RememberedElsewhere
                : candidate.State == place?.State ? Verdict.OverWeight
                : Verdict.Costlier,
            candidate => WeightedLeastConnection.Of(candidate.State.Load, Math.Max(candidate.EffectiveWeight, 1)));
    }

    private Destination? Remembered(Place place, Exclusions? exclusions) =>
        place.In(_byState) is { } destination
        && destination.EffectiveWeight > 0
        && !(destination.State.IsFull && destination.State.IsAtMaximum)
        && exclusions?.Contains(destination) != true
        && !_board.IsCrowded(destination)
            ? destination
            : null;

    private sealed class Place(DestinationState state) : Locality
    {
        private volatile DestinationState _state = state;
        private volatile Found? _found;

        public DestinationState State
        {
            get => _state;
            set => _state = value;
        }

        /// <summary>The destination as it stands in this list, or null when it is not in it; the last answer is kept, as
        /// a list serves many flows.</summary>
        public Destination? In(Dictionary<DestinationState, Destination> list)
        {
            var state = _state;
            if (_found is not { } found || found.List != list || found.State != state)
            {
                _found = found = new Found(list, state, list.GetValueOrDefault(state));
            }

            return found.Destination;
        }
    }

    private sealed record Found(
        Dictionary<DestinationState, Destination> List, DestinationState State, Destination? Destination);
}
