using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Takes the turns of <c>wrr</c> under a lock, in memory for the destinations only, whatever their weights.</summary>
/// <remarks>
/// The kernel walks the whole list at every level. Here those of the current level are a linked list in list order.
/// Links of removed ones stay as they were, so putting them back in the exact reverse order restores the list (Knuth,
/// "Dancing Links"); each comes back once a cycle and has a turn then, so a pick is O(1) on average.
/// </remarks>
internal sealed class LinkedWeightedWalk : IWeightedWalk
{
    private readonly Lock _gate = new();
    private readonly Destination[] _destinations;
    private readonly Board<Anyone> _board;
    private readonly int[] _heaviestFirst;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly WeightLevels _levels;
    private readonly int _head;
    private int _members;
    private int _level;
    private int _current;

    public LinkedWeightedWalk(Destination[] destinations, Board<Anyone> board, WeightLevels levels, WeightedPosition position)
    {
        _destinations = destinations;
        _board = board;
        _levels = levels;
        _head = destinations.Length;
        _heaviestFirst = [.. Enumerable.Range(0, _head).Where(i => Weight(i) > 0).OrderByDescending(Weight)];
        _next = new int[_head + 1];
        _previous = new int[_head + 1];
        LinkAll();
        _current = position.IsHead ? _head : position.Index;
        GoTo(position.Level);
    }

    public WeightedPosition Position
    {
        get
        {
            lock (_gate)
            {
                return new WeightedPosition(_current == _head ? WeightedPosition.Head : _current, _level);
            }
        }
    }

    public Destination? Pick(Exclusions? exclusions)
    {
        lock (_gate)
        {
            return PickNeedsLock(exclusions);
        }
    }

    public Destination? Peek(Exclusions? exclusions)
    {
        lock (_gate)
        {
            var (level, current) = (_level, _current);
            var chosen = PickNeedsLock(exclusions);
            GoTo(level);
            _current = current;
            return chosen;
        }
    }

    private int Weight(int index) => _destinations[index].EffectiveWeight;

    private Destination? PickNeedsLock(Exclusions? exclusions)
    {
        var (start, level) = (_current, _level);
        var startedLow = start != _head && level <= _levels.Step;
        var wrapped = false;
        while (true)
        {
            var isWholeWalk = _current == _head;
            for (_current = _next[_current]; _current != _head; _current = _next[_current])
            {
                if (_board.IsReady(_current, exclusions))
                {
                    return _destinations[_current];
                }
            }

            if (Lower(isWholeWalk))
            {
                continue;
            }

            // Everybody was looked at in a whole walk of the lowest level, unless this pick began in the middle of it.
            GoTo(_levels.Top);
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
        var level = !foundNobody ? _level - _levels.Step
            : everybodyIsIn ? 0
            : Weight(_heaviestFirst[_members]) - _levels.Step + 1;
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
