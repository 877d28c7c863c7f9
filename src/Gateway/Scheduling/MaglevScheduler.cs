using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Maglev hashing, LVS <c>mh</c>: the same client always to the same destination, and a change of the list moves
/// few others.</summary>
/// <remarks>
/// <para>Rule: the client's address, with <c>UsePort</c> plus its port, is hashed to a slot of the table
/// (<see cref="MaglevTable"/>). If its destination may not take the flow there is none without fallback; with it the hash
/// is repeated with slot numbers added until one may.</para>
/// <para>With <c>BoundedLoad</c> a destination that has more than this factor times its weight's share of all active flows
/// is passed over in the same way (Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2016).</para>
/// <para>Example: A1 B1 C2 at 10.1.0.1 to 10.1.0.3, port 80: 10.0.0.1 is in slot 3711, A; 192.168.1.1 in 2456, C.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_mh.c. Neighbour: <see cref="SourceHashing"/> moves most clients with every
/// change.</para>
/// </remarks>
internal sealed class MaglevScheduler : IScheduler, IHoldsSeats
{
    private readonly Destination[] _destinations;
    private readonly SchedulerOptions _options;
    private readonly int[] _slots;
    private readonly HashInput _input;
    private readonly Board<Anyone> _board;
    private readonly LoadBound? _bound;

    public MaglevScheduler(Destination[] destinations, SchedulerOptions options)
    {
        _destinations = destinations;
        _options = options;
        _slots = MaglevTable.Build(destinations);
        _input = new HashInput(options);
        _board = new Board<Anyone>(destinations);
        _bound = options.BoundedLoad is { } factor ? new LoadBound(destinations, factor, _board) : null;
    }

    public Destination? Pick(in Flow flow, Exclusions? exclusions)
    {
        if (_slots.Length == 0)
        {
            return null;
        }

        var value = _input.Value(flow);
        var slot = Slot(value);
        if (_bound is null)
        {
            return _board.IsReady(_slots[slot], exclusions) ? _destinations[_slots[slot]]
                : _options.Fallback ? Probe(value, slot, exclusions)
                : null;
        }

        return PickBounded(value, slot, exclusions);
    }

    public void Correct(Destination destination) => _board.Correct(destination);

    public void LeaveSeats()
    {
        _board.Leave();
        _bound?.Leave();
    }

    public Explanation Explain(in Flow flow, Exclusions? exclusions)
    {
        var slot = _slots.Length == 0 ? 0 : Slot(_input.Value(flow));
        var total = _bound?.TotalActive();
        var slots = _slots.CountBy(owner => _destinations[owner]).ToDictionary();
        return Explanation.Of(
            _destinations, exclusions, Pick(flow, exclusions), $"mh: slot {slot} of {_slots.Length}",
            candidate => total is { } active && !_bound!.Allows(candidate, active)
                ? Verdict.OverBound
                : Verdict.HashElsewhere,
            candidate => slots.GetValueOrDefault(candidate));
    }

    private int Slot(uint value) => (int)(SipHash13.Of(value, MaglevTable.LookupKey) % (uint)_slots.Length);

    private Destination? Probe(uint value, int slot, Exclusions? exclusions)
    {
        for (var offset = 0; offset < _slots.Length; offset++)
        {
            var index = _slots[Slot(value + (uint)((offset + slot) % _slots.Length))];
            if (_board.IsReady(index, exclusions))
            {
                return _destinations[index];
            }
        }

        return null;
    }

    private Destination? PickBounded(uint value, int slot, Exclusions? exclusions)
    {
        var total = _bound!.TotalActive();
        var index = _slots[slot];
        for (var offset = 0; offset < _slots.Length; offset++)
        {
            if (_board.IsReady(index, exclusions) && _bound.Allows(_destinations[index], total))
            {
                return _destinations[index];
            }

            index = _slots[Slot(value + (uint)((offset + slot) % _slots.Length))];
        }

        // The probes need not meet everybody; and when full ones hold their share, all others may be above theirs.
        return Array.Find(_destinations, d => Readiness.IsReady(d, exclusions) && _bound.Allows(d, total))
            ?? Array.Find(_destinations, d => Readiness.IsReady(d, exclusions));
    }
}
