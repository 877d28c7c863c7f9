using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Http.Overload;

/// <summary>The queue and the retry budget of every cluster, kept over reloads.</summary>
internal sealed class RequestQueues : IDisposable
{
    /// <summary>How soon a place is noticed that became free otherwise than by a request: a relayed connection that ended, a
    /// destination that came back.</summary>
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<string, RequestQueue> _queues = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, RetryBudget> _budgets = new(StringComparer.OrdinalIgnoreCase);
    private readonly ClusterSchedulers _schedulers;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private int _isLooking;

    public RequestQueues(ClusterStore store, ClusterSchedulers schedulers, TimeProvider time)
    {
        _schedulers = schedulers;
        _time = time;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        store.Subscribe(Forget);
    }

    /// <summary>The queue of every cluster that ever had to make somebody wait.</summary>
    public IEnumerable<KeyValuePair<string, RequestQueue>> All => _queues;

    public void Dispose() => _timer.Dispose();

    public RetryBudget Budget(string clusterId) => _budgets.GetOrAdd(clusterId, _ => new RetryBudget());

    /// <summary>Whether requests of this cluster wait, so that a new one must not overtake them.</summary>
    public bool AreWaiting(string clusterId) => _queues.TryGetValue(clusterId, out var queue) && queue.Count > 0;

    /// <summary>The queue of a cluster; null when it has had none so far.</summary>
    public RequestQueue? Find(string clusterId) => _queues.GetValueOrDefault(clusterId);

    /// <summary>Waits in the queue of the cluster for a place; null when there was none in time.</summary>
    public ValueTask<Destination?> WaitAsync(Cluster cluster, in Flow flow, CancellationToken gone)
    {
        var options = cluster.Options.Queue!;
        var queue = _queues.GetOrAdd(cluster.Id, _ => new RequestQueue(_time, options));
        queue.Options = options;
        var waiting = queue.WaitAsync(ClientOf(flow.Client), flow, gone);
        // Between the look that found no place and the entry one may have become free.
        Freed(cluster.Id);
        if (Interlocked.Exchange(ref _isLooking, 1) == 0)
        {
            _timer.Change(_look, _look);
        }

        return waiting;
    }

    /// <summary>A place of the cluster may have become free.</summary>
    public void Freed(string clusterId)
    {
        if (_queues.TryGetValue(clusterId, out var queue) && queue.Count > 0 && _schedulers.Find(clusterId) is { } scheduler)
        {
            queue.Serve(scheduler);
        }
    }

    /// <summary>An IPv4 address, or the network of 64 bits that one IPv6 client commonly has.</summary>
    private static ulong ClientOf(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address is null || !address.TryWriteBytes(bytes, out var length))
        {
            return 0;
        }

        return length == 4 || address.AddressFamily == AddressFamily.InterNetwork
            ? BitConverter.ToUInt32(bytes)
            : BitConverter.ToUInt64(bytes);
    }

    private void Look()
    {
        foreach (var (clusterId, _) in _queues)
        {
            Freed(clusterId);
        }

        if (_queues.All(entry => entry.Value.Count == 0))
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Volatile.Write(ref _isLooking, 0);
            if (_queues.Any(entry => entry.Value.Count > 0) && Interlocked.Exchange(ref _isLooking, 1) == 0)
            {
                _timer.Change(_look, _look);
            }
        }
    }

    private void Forget(Snapshot snapshot)
    {
        foreach (var (clusterId, queue) in _queues)
        {
            if (snapshot.FindCluster(clusterId) is null && queue.Count == 0)
            {
                _queues.TryRemove(clusterId, out _);
            }
        }

        foreach (var (clusterId, _) in _budgets)
        {
            if (snapshot.FindCluster(clusterId) is null)
            {
                _budgets.TryRemove(clusterId, out _);
            }
        }
    }
}
