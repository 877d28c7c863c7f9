namespace Gateway.Tests.Scheduling;

/// <summary>The walks of ip_vs_rr.c and ip_vs_wrr.c as plainly as they can be said, over a list of names: the reference
/// for the quicker ones of the product.</summary>
internal sealed class KernelWalk(bool isWeighted)
{
    private const int Head = -1;

    private readonly List<string> _list = [];
    private readonly Dictionary<string, int> _weights = [];
    private int _current = Head;
    private int _level;
    private int _top;
    private int _step = 1;

    public HashSet<string> Full { get; } = [];

    public void Add(string id, int weight)
    {
        _list.Add(id);
        _weights[id] = weight;
        Changed();
    }

    public void Edit(string id, int weight)
    {
        _weights[id] = weight;
        Changed();
    }

    public void Remove(string id)
    {
        var index = _list.IndexOf(id);
        _current -= index <= _current ? 1 : 0;
        _list.RemoveAt(index);
        _weights.Remove(id);
        Changed();
    }

    public string? Pick() => isWeighted ? PickWeighted() : PickPlain();

    private bool IsReady(int index) => _weights[_list[index]] > 0 && !Full.Contains(_list[index]);

    private string? PickPlain()
    {
        for (var i = 1; i <= _list.Count; i++)
        {
            var index = (_current + i) % _list.Count;
            if (IsReady(index))
            {
                return _list[_current = index];
            }
        }

        return null;
    }

    private void Changed()
    {
        if (!isWeighted)
        {
            return;
        }

        var positive = _weights.Values.Where(weight => weight > 0).ToList();
        _step = positive.Aggregate(0, (a, b) => { while (b != 0) { (a, b) = (b, a % b); } return a; });
        _step = Math.Max(_step, 1);
        _top = positive.DefaultIfEmpty(0).Max() - (_step - 1);
        _current = Head;
        _level = _level > _top || _level == 0 ? _top : _step > 1 ? (_level / _step * _step) + 1 : _level;
    }

    private string? PickWeighted()
    {
        if (_top == 0)
        {
            return null;
        }

        var (start, stop, isLast, wasRestarted) = (_current, Head, false, false);
        while (true)
        {
            while (++_current < _list.Count)
            {
                if (!Full.Contains(_list[_current]) && _weights[_list[_current]] >= _level)
                {
                    return _list[_current];
                }

                if (_current == stop)
                {
                    return null;
                }
            }

            _current = Head;
            _level -= _step;
            if (_level <= 0)
            {
                _level = _top;
                if (isLast || start == Head)
                {
                    return null;
                }

                wasRestarted = true;
            }

            isLast = _level <= _step;
            stop = isLast && wasRestarted && start != Head ? start : stop;
        }
    }
}
