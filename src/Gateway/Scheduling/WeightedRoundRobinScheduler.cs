using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Weighted round robin, LVS <c>wrr</c>: turns in proportion to weight.</summary>
/// <remarks>
/// <para>Rule: walk the list again and again, each time only those whose weight is at least the current level. The level
/// starts at the highest weight, falls by the greatest common divisor of all weights after each walk, and starts again.
/// When the list or a weight changes, the walk begins at the head, and the level stays, cut to the new maximum and
/// rounded to the new divisor.</para>
/// <para>Example: A4 B3 C2 gives <c>AABABCABC</c>, repeating. A5 B1 C1 gives <c>AAAAABC</c>: heavy ones come in bursts,
/// unlike nginx's smooth variant.</para>
/// <para>Source: net/netfilter/ipvs/ip_vs_wrr.c. Neighbour: <see cref="RoundRobinScheduler"/> ignores weights.</para>
/// <para>The kernel walks the whole list at every level. Here those of the current level are a linked list in list order.
/// Links of removed ones stay as they were, so putting them back in the exact reverse order restores the list (Knuth,
/// "Dancing Links"); each comes back once a cycle and has a turn then, so a pick is O(1) on average.</para>
/// </remarks>
internal sealed class WeightedRoundRobinScheduler : IScheduler
{
    private readonly Lock _gate = new();
    private readonly Destination[] _destinations;
    private readonly int[] _heaviestFirst;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int _head;
    private readonly int _step;
    private readonly int _top;
    private int _members;
    private int _level;
    private int _current;

    // In the kernel even an edit that changes nothing sends the walk back to the head: restart. A new snapshot for other
    // reasons (another word of a probe) must not, or the head of the list would get more than its share.
    public WeightedRoundRobinScheduler(
        Destination[] destinations, WeightedRoundRobinScheduler? before = null, bool restart = false)
    {
        _destinations = destinations;
        _head = destinations.Length;
        _heaviestFirst = [.. Enumerable.Range(0, _head).Where(i => Weight(i) > 0).OrderByDescending(Weight)];
        _step = _heaviestFirst.Aggregate(0, (divisor, i) => GreatestCommonDivisor(divisor, Weight(i)));
        _top = _heaviestFirst.Length == 0 ? 0 : Weight(_heaviestFirst[0]) - (_step - 1);
        _next = new int[_head + 1];
        _previous = new int[_head + 1];
        LinkAll();

        var (current, level) = before?.Position() ?? (_head, 0);
        _current = before is not null && !restart && SameAs(before) ? current : _head;
        GoTo(level > _top || level == 0 ? _top : _step > 1 ? (level / _step * _step) + 1 : level);
    }

    public Destination? Pick(in Flow flow, Exclusions? exclusions)
    {
        lock (_gate)
        {
            return PickNeedsLock(exclusions);
        }
    }

    public Explanation Explain(in Flow flow, Exclusions? exclusions)
    {
        lock (_gate)
        {
            var (level, current) = (_level, _current);
            var chosen = PickNeedsLock(exclusions);
            if (_top > 0)
            {
                GoTo(level);
            }

            _current = current;
            return Explanation.Of(
                _destinations, exclusions, chosen, $"wrr: the next of weight {level} or more, of highest {_top}",
                _ => Verdict.NotItsTurn, destination => destination.EffectiveWeight);
        }
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);

    private (int Current, int Level) Position()
    {
        lock (_gate)
        {
            return (_current, _level);
        }
    }

    private int Weight(int index) => _destinations[index].EffectiveWeight;

    private bool SameAs(WeightedRoundRobinScheduler before) =>
        _destinations.Length == before._destinations.Length
        && _destinations.Zip(before._destinations)
            .All(p => p.First.State == p.Second.State && p.First.EffectiveWeight == p.Second.EffectiveWeight);

    private Destination? PickNeedsLock(Exclusions? exclusions)
    {
        if (_top == 0)
        {
            return null;
        }

        var (start, level) = (_current, _level);
        var startedLow = start != _head && level <= _step;
        var wrapped = false;
        while (true)
        {
            var isWholeWalk = _current == _head;
            for (_current = _next[_current]; _current != _head; _current = _next[_current])
            {
                if (Readiness.IsReady(_destinations[_current], exclusions))
                {
                    return _destinations[_current];
                }
            }

            if (Lower(isWholeWalk))
            {
                continue;
            }

            // Everybody was looked at in a whole walk of the lowest level, unless this pick began in the middle of it.
            GoTo(_top);
            if (!startedLow || wrapped)
            {
                break;
            }

            wrapped = true;
        }

        // The kernel, having found nobody, stands where its last walk ended.
        if (startedLow)
        {
            GoTo(level);
            _current = start;
        }

        return null;
    }

    /// <summary>Goes to the next level; false when there is none. After a whole walk that found nobody ready, levels with
    /// the same members are passed over, because they would find nobody either.</summary>
    private bool Lower(bool foundNobody)
    {
        var everybodyIsIn = _members == _heaviestFirst.Length;
        var level = !foundNobody ? _level - _step
            : everybodyIsIn ? 0
            : Weight(_heaviestFirst[_members]) - _step + 1;
        if (level <= 0)
        {
            return false;
        }

        GoTo(level);
        return true;
    }

    private void GoTo(int level)
    {
        _level = level;
        while (_members > 0 && Weight(_heaviestFirst[_members - 1]) < level)
        {
            var index = _heaviestFirst[--_members];
            _next[_previous[index]] = _next[index];
            _previous[_next[index]] = _previous[index];
        }

        while (_members < _heaviestFirst.Length && Weight(_heaviestFirst[_members]) >= level)
        {
            var index = _heaviestFirst[_members++];
            _next[_previous[index]] = index;
            _previous[_next[index]] = index;
        }
    }

    private void LinkAll()
    {
        var last = _head;
        for (var i = 0; i < _head; i++)
        {
            if (Weight(i) > 0)
            {
                _next[last] = i;
                _previous[i] = last;
                last = i;
            }
        }

        _next[last] = _head;
        _previous[_head] = last;
        _members = _heaviestFirst.Length;
    }
}
