using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>Takes the turns of <c>wrr</c> from a written cycle: a pick draws a ticket, and threads never wait for each other.</summary>
/// <remarks>Example: A3 B2 has the levels 3, 2, 1 and the cycle <c>A AB AB</c>.</remarks>
internal sealed class TabledWeightedWalk : IWeightedWalk
{
    private readonly Destination[] _destinations;
    private readonly Board<Anyone> _board;
    private readonly WeightLevels _levels;

    // The cycle, and where in it each level begins.
    private readonly int[] _turns;
    private readonly int[] _starts;

    private TicketCounter _tickets;

    // The ticket after which the walk stands at the head of a level, having had no turn in it.
    private long _headTicket = -1;
    private int _headLevel;

    public TabledWeightedWalk(Destination[] destinations, Board<Anyone> board, WeightLevels levels, WeightedPosition position)
    {
        _destinations = destinations;
        _board = board;
        _levels = levels;
        _turns = new int[levels.Turns];
        _starts = new int[levels.Count];
        Write();

        // A cycle ahead of 0, so that the ticket before the first turn is one too.
        var start = _starts[LevelIndex(position.Level)];
        var last = _turns.Length + (position.IsHead ? start - 1 : Array.IndexOf(_turns, position.Index, start));
        _tickets = new TicketCounter(last);
        if (position.IsHead)
        {
            (_headTicket, _headLevel) = (last, position.Level);
        }
    }

    public WeightedPosition Position => PositionOf(_tickets.Last);

    public Destination? Pick(Exclusions? exclusions)
    {
        var ticket = _tickets.Draw();
        var index = _turns[TurnOf(ticket)];
        return _board.IsReady(index, exclusions) ? _destinations[index] : PickLater(ticket, exclusions);
    }

    public Destination? Peek(Exclusions? exclusions)
    {
        var ticket = _tickets.Last;
        for (var i = 1; i <= _turns.Length; i++)
        {
            var index = _turns[TurnOf(ticket + i)];
            if (_board.IsReady(index, exclusions))
            {
                return _destinations[index];
            }
        }

        return null;
    }

    /// <summary>Goes on from a ticket whose destination is not ready.</summary>
    private Destination? PickLater(long first, Exclusions? exclusions)
    {
        var drawn = 1;
        if (_board.Cheapest(exclusions) is not null)
        {
            for (; drawn < _turns.Length; drawn++)
            {
                var index = _turns[TurnOf(_tickets.Draw())];
                if (_board.IsReady(index, exclusions))
                {
                    return _destinations[index];
                }
            }
        }

        Return(first - 1, drawn);

        // Other threads may have drawn tickets between ours, so not everybody was looked at for certain.
        return _board.Cheapest(exclusions);
    }

    /// <summary>The kernel, having found nobody, stands where its walk ended: where it began when that was within the lowest
    /// level, which it had to finish, else at the head.</summary>
    private void Return(long start, int drawn)
    {
        var position = PositionOf(start);
        if (!position.IsHead && position.Level <= _levels.Step)
        {
            _tickets.Move(-drawn);
            return;
        }

        var head = start + (_turns.Length - 1 - TurnOf(start));
        _headLevel = _levels.Top;
        Volatile.Write(ref _headTicket, head);
        _tickets.Move(head - (start + drawn));
    }

    private WeightedPosition PositionOf(long ticket)
    {
        if (ticket == Volatile.Read(ref _headTicket))
        {
            return new WeightedPosition(WeightedPosition.Head, _headLevel);
        }

        var turn = TurnOf(ticket);
        var level = Array.BinarySearch(_starts, turn);
        return new WeightedPosition(_turns[turn], _levels.Top - ((level < 0 ? ~level - 1 : level) * _levels.Step));
    }

    private int TurnOf(long ticket) => (int)((ulong)ticket % (uint)_turns.Length);

    private int LevelIndex(int level) => (_levels.Top - level) / _levels.Step;

    private void Write()
    {
        var turn = 0;
        for (var i = 0; i < _starts.Length; i++)
        {
            _starts[i] = turn;
            var level = _levels.Top - (i * _levels.Step);
            for (var index = 0; index < _destinations.Length; index++)
            {
                if (_destinations[index].EffectiveWeight >= level)
                {
                    _turns[turn++] = index;
                }
            }
        }
    }
}
