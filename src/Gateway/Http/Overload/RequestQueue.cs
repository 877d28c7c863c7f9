using System.Diagnostics.CodeAnalysis;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Http.Overload;

/// <summary>
/// The requests of one cluster that wait for a place at a destination: bounded, fair among clients, and no longer than is
/// of use. All members may be called from any thread.
/// </summary>
/// <remarks>
/// <para>Every client has a line of its own, and the heads of the lines are served in turn, so a client that asks for more
/// than its share waits behind its own requests only. When all places of the queue are taken, the longest line gives up its
/// newest request for a client that has fewer (longest queue drop; McKenney, "Stochastic Fairness Queueing", 1990).</para>
/// <para>A request that by the pace of late would have to wait longer than it may is refused at once: an answer that comes
/// too late costs a destination the same as one in time.</para>
/// <para>A place is reserved for a request before it is woken, so nobody overtakes it.</para>
/// </remarks>
internal sealed class RequestQueue(TimeProvider time, QueueOptions options)
{
    /// <summary>Heads that are tried for one free place: with hashing schedulers the first may have nowhere to go while the
    /// next has.</summary>
    private const int MostHeads = 16;

    /// <summary>Weight of the newest interval between two requests served.</summary>
    private const double Smoothing = 0.05;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Line> _lines = [];
    private readonly LinkedList<Line> _turns = [];
    private volatile int _count;
    private long _refused;
    private double _pace;
    private long _lastServed;

    public QueueOptions Options { get; set; } = options;

    /// <summary>Requests that wait.</summary>
    public int Count => _count;

    /// <summary>Requests that were refused or waited in vain, ever.</summary>
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

    /// <summary>Waits for a place; null when there was none in time, or the queue has none for this client.</summary>
    /// <param name="client">What tells clients apart.</param>
    /// <param name="flow">What the scheduler may know of the request.</param>
    /// <param name="gone">Fires when the client has gone.</param>
    /// <returns>A destination with one flow reserved on it.</returns>
    public async ValueTask<Destination?> WaitAsync(ulong client, Flow flow, CancellationToken gone)
    {
        if (!TryEnter(client, flow, out var waiting))
        {
            Interlocked.Increment(ref _refused);
            return null;
        }

        await using var late = time.CreateTimer(Leave, waiting, Options.Timeout, Timeout.InfiniteTimeSpan);
        await using var abort = gone.UnsafeRegister(Leave, waiting);
        var destination = await waiting.Task;
        if (destination is null)
        {
            Interlocked.Increment(ref _refused);
        }

        return destination;
    }

    /// <summary>Gives free places to those whose turn it is; to be called whenever there may be one.</summary>
    public void Serve(ClusterScheduler scheduler)
    {
        lock (_gate)
        {
            var heads = Math.Min(_turns.Count, MostHeads);
            while (heads > 0 && _turns.First is { } turn)
            {
                var line = turn.Value;
                var head = line.Waiting.First!.Value;
                if (scheduler.Bind(head.Flow) is not { } destination)
                {
                    // It keeps its turn, unless others behind it are to be looked at first.
                    _turns.RemoveFirst();
                    _turns.AddLast(turn);
                    heads--;
                    continue;
                }

                RemoveNeedsLock(head);
                if (line.Waiting.Count > 0)
                {
                    _turns.Remove(line.Turn);
                    _turns.AddLast(line.Turn);
                }

                heads = Math.Min(_turns.Count, MostHeads);
                NotePaceNeedsLock();
                if (!head.TrySetResult(destination))
                {
                    destination.State.Unbind();
                }
            }
        }
    }

    private bool TryEnter(ulong client, in Flow flow, [NotNullWhen(true)] out Waiting? waiting)
    {
        lock (_gate)
        {
            waiting = null;
            var line = _lines.GetValueOrDefault(client);
            var length = line?.Waiting.Count ?? 0;
            if (AheadNeedsLock(length) * _pace > Options.Timeout.TotalSeconds
                || (_count >= Options.Length && !MakeRoomNeedsLock(length + 1)))
            {
                return false;
            }

            if (line is null)
            {
                line = new Line(client);
                _lines.Add(client, line);
                _turns.AddLast(line.Turn);
            }

            if (_count++ == 0)
            {
                // The pace is that of a queue at work; a pause before is none of it.
                _lastServed = time.GetTimestamp();
            }

            waiting = new Waiting(line, flow);
            line.Waiting.AddLast(waiting.Node);
            return true;
        }
    }

    /// <summary>How many are served at most before one who has so many requests of its own waiting.</summary>
    private long AheadNeedsLock(int own) => Math.Min(_count, _lines.Count * (own + 1L));

    /// <summary>Drops the newest request of the longest line, if that is longer than a line would become.</summary>
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
        dropped.TrySetResult(null);
        return true;
    }

    private void Leave(object? state)
    {
        var waiting = (Waiting)state!;
        lock (_gate)
        {
            if (waiting.Node.List is null)
            {
                return;
            }

            RemoveNeedsLock(waiting);
        }

        waiting.TrySetResult(null);
    }

    private void RemoveNeedsLock(Waiting waiting)
    {
        var line = waiting.Line;
        line.Waiting.Remove(waiting.Node);
        _count--;
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

    /// <summary>The requests of one client, oldest first.</summary>
    private sealed class Line
    {
        public Line(ulong client)
        {
            Client = client;
            Turn = new LinkedListNode<Line>(this);
        }

        public ulong Client { get; }

        public LinkedListNode<Line> Turn { get; }

        public LinkedList<Waiting> Waiting { get; } = [];
    }

    private sealed class Waiting : TaskCompletionSource<Destination?>
    {
        public Waiting(Line line, in Flow flow)
            : base(TaskCreationOptions.RunContinuationsAsynchronously)
        {
            Line = line;
            Flow = flow;
            Node = new LinkedListNode<Waiting>(this);
        }

        public Line Line { get; }

        public Flow Flow { get; }

        public LinkedListNode<Waiting> Node { get; }
    }
}
