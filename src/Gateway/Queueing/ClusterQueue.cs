using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Queueing;

/// <summary>
/// The requests and relayed connections of one cluster that wait for a place at a destination: bounded, fair among clients,
/// and no longer than is of use. All members may be called from any thread.
/// </summary>
/// <remarks>
/// <para>Every client has a line of its own, and the heads of the lines are served in turn, so a client that asks for more
/// than its share waits behind its own flows only. When all places of the queue are taken, the longest line gives up its
/// newest for a client that has fewer (longest queue drop; McKenney, "Stochastic Fairness Queueing", 1990).</para>
/// <para>What by the pace of late would have to wait longer than it may is refused at once: an answer that comes too late
/// costs a destination the same as one in time.</para>
/// <para>A place is reserved for a flow before it is woken, so nobody overtakes it. A head that has nowhere to go keeps its turn:
/// when the scheduler or persistence tells flows apart, those behind it are looked at in their order, and one is passed by
/// another only to a place that it may not have itself.</para>
/// </remarks>
/// <param name="time">The clock of the patience and the pace.</param>
/// <param name="options">How many may wait, and how long.</param>
/// <param name="total">Counts those that wait in all queues of the process.</param>
internal sealed class ClusterQueue(TimeProvider time, QueueOptions options, WaitingCount total)
{
    /// <summary>Heads that are tried for a place at most when flows are told apart: the first may have nowhere to go while the
    /// next has.</summary>
    private const int MostHeads = 64;

    /// <summary>So many lines for each <see cref="ServeAll"/> since the last one that tried all heads.</summary>
    private const int LinesPerLook = 4096;

    /// <summary>Weight of the newest interval between two that were served.</summary>
    private const double Smoothing = 0.05;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, ClientLine> _lines = [];
    private readonly LinkedList<ClientLine> _turns = [];
    private volatile int _count;
    private long _refused;
    private double _pace;
    private long _lastServed;
    private int _looks;

    public QueueOptions Options { get; set; } = options;

    /// <summary>How many wait.</summary>
    public int Count => _count;

    /// <summary>How many were refused or waited in vain, ever.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Whole seconds after which it may be worth to ask again, 1 to 60.</summary>
    public int RetryAfter
    {
        get
        {
            lock (_gate)
            {
                return (int)Math.Clamp(Math.Ceiling(_count * _pace), 1, 60);
            }
        }
    }

    /// <summary>Waits for a place.</summary>
    /// <param name="client">What tells clients apart.</param>
    /// <param name="flow">What the scheduler may know of the request or connection.</param>
    /// <param name="gone">Fires when the client has gone.</param>
    public async ValueTask<Waited> WaitAsync(ulong client, Flow flow, CancellationToken gone)
    {
        var waiter = new Awaiting(flow);
        Enter(client, waiter);
        await using var abort = gone.UnsafeRegister(state => Leave((Waiter)state!), waiter);
        return await waiter.Task;
    }

    /// <summary>Begins to wait for a place; what comes of it is told to <paramref name="waiter"/>, perhaps within this call.
    /// </summary>
    /// <param name="client">What tells clients apart.</param>
    /// <param name="waiter">Who waits.</param>
    public void Enter(ulong client, Waiter waiter)
    {
        if (!TryEnter(client, waiter))
        {
            Refuse(waiter, WaitEnd.Full);
            return;
        }

        waiter.Keep(time.CreateTimer(state => Leave((Waiter)state!, WaitEnd.Late), waiter, Options.Timeout, Timeout.InfiniteTimeSpan));
    }

    /// <summary>Ends the waiting of one who has gone; nothing happens when it is over.</summary>
    public void Leave(Waiter waiter) => Leave(waiter, WaitEnd.Left);

    /// <summary>Ends the waiting of all: the cluster is no more.</summary>
    public void RefuseAll()
    {
        var all = new List<Waiter>();
        lock (_gate)
        {
            while (_turns.First is { } turn)
            {
                var head = turn.Value.Waiting.First!.Value;
                RemoveNeedsLock(head);
                all.Add(head);
            }
        }

        all.ForEach(waiter => Refuse(waiter, WaitEnd.NoCluster));
    }

    /// <summary>Gives free places to those whose turn it is; to be called whenever there may be one.</summary>
    public void Serve(ClusterScheduler scheduler)
    {
        lock (_gate)
        {
            ServeNeedsLock(scheduler, MostHeads);
        }
    }

    /// <summary>The same however far behind somebody stands for whom there is a place; to be called now and then.</summary>
    public void ServeAll(ClusterScheduler scheduler)
    {
        lock (_gate)
        {
            // The more there are, the less often: others wait for the lock meanwhile.
            var isTime = ++_looks * (long)LinesPerLook >= _lines.Count;
            _looks = isTime ? 0 : _looks;
            ServeNeedsLock(scheduler, isTime ? int.MaxValue : MostHeads);
        }
    }

    private void ServeNeedsLock(ClusterScheduler scheduler, int most)
    {
        var left = !scheduler.HasPlace ? 0 : scheduler.TellsFlowsApart ? most : 1;
        var turn = _turns.First;
        while (left > 0 && turn is not null)
        {
            var line = turn.Value;
            var head = line.Waiting.First!.Value;
            if (scheduler.Bind(head.Flow) is not { } destination)
            {
                turn = turn.Next;
                left--;
                continue;
            }

            var next = turn.Next;
            RemoveNeedsLock(head);
            if (line.Waiting.Count > 0)
            {
                _turns.Remove(turn);
                _turns.AddLast(turn);
                next ??= turn;
            }

            NotePaceNeedsLock();
            head.End(new Waited(WaitEnd.Served, destination));
            turn = scheduler.HasPlace ? next : null;
        }
    }

    private bool TryEnter(ulong client, Waiter waiter)
    {
        lock (_gate)
        {
            var line = _lines.GetValueOrDefault(client);
            var length = line?.Waiting.Count ?? 0;
            if (AheadNeedsLock(length) * _pace > Options.Timeout.TotalSeconds
                || (_count >= Options.Length && !MakeRoomNeedsLock(length + 1)))
            {
                return false;
            }

            if (line is null)
            {
                line = new ClientLine(client);
                _lines.Add(client, line);
                _turns.AddLast(line.Turn);
            }

            total.Add(1);
            if (_count++ == 0)
            {
                // The pace is that of a queue at work; a pause before is none of it.
                _lastServed = time.GetTimestamp();
            }

            waiter.Line = line;
            line.Waiting.AddLast(waiter.Node);
            return true;
        }
    }

    /// <summary>How many are served at most before one who has so many of its own waiting.</summary>
    private long AheadNeedsLock(int own) => Math.Min(_count, _lines.Count * (own + 1L));

    /// <summary>Drops the newest of the longest line, if that is longer than a line would become.</summary>
    private bool MakeRoomNeedsLock(int length)
    {
        if (_lines.Count == _count)
        {
            // Nobody has more than one: no need to look.
            return false;
        }

        var longest = _turns.MaxBy(line => line.Waiting.Count)!;
        if (longest.Waiting.Count <= length)
        {
            return false;
        }

        var dropped = longest.Waiting.Last!.Value;
        RemoveNeedsLock(dropped);
        Refuse(dropped, WaitEnd.Full);
        return true;
    }

    private void Leave(Waiter waiter, WaitEnd end)
    {
        lock (_gate)
        {
            if (waiter.Node.List is null)
            {
                return;
            }

            RemoveNeedsLock(waiter);
        }

        Refuse(waiter, end);
    }

    private void Refuse(Waiter waiter, WaitEnd end)
    {
        Interlocked.Increment(ref _refused);
        waiter.End(new Waited(end));
    }

    private void RemoveNeedsLock(Waiter waiter)
    {
        var line = waiter.Line!;
        line.Waiting.Remove(waiter.Node);
        _count--;
        total.Add(-1);
        if (line.Waiting.Count == 0)
        {
            _turns.Remove(line.Turn);
            _lines.Remove(line.Client);
        }
    }

    private void NotePaceNeedsLock()
    {
        var now = time.GetTimestamp();
        var interval = time.GetElapsedTime(_lastServed, now).TotalSeconds;
        _lastServed = now;
        _pace = _pace == 0 ? interval : _pace + (Smoothing * (interval - _pace));
    }

    private sealed class Awaiting(in Flow flow) : Waiter(flow)
    {
        private readonly TaskCompletionSource<Waited> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Waited> Task => _source.Task;

        protected override void OnEnded(Waited waited) => _source.SetResult(waited);
    }
}
