using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Queueing;

/// <summary>The queue of every cluster, one for its requests and relayed connections together, kept over reloads. All members
/// may be called from any thread.</summary>
internal sealed class ClusterQueues : IDisposable
{
    /// <summary>How soon a place is noticed that became free otherwise than by the end of a flow: a limit that was raised, a
    /// destination that came back, connections that ended in the kernel.</summary>
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<string, ClusterQueue> _queues = new(StringComparer.OrdinalIgnoreCase);
    private readonly WaitingCount _waiting = new();
    private readonly ClusterSchedulers _schedulers;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private int _isLooking;

    public ClusterQueues(ClusterStore store, ClusterSchedulers schedulers, TimeProvider time)
    {
        _schedulers = schedulers;
        _time = time;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        store.Subscribe(Forget);
    }

    /// <summary>The queue of every cluster that ever had to make somebody wait.</summary>
    public IEnumerable<KeyValuePair<string, ClusterQueue>> All => _queues;

    /// <summary>Whether destinations of a cluster are in service, so that a place may become free.</summary>
    public static bool IsWorthWaiting(ClusterScheduler scheduler)
    {
        foreach (var destination in scheduler.Destinations)
        {
            if (destination.EffectiveWeight > 0)
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>Whether somebody waits in the queue of this cluster, so that a new flow must not overtake.</summary>
    public bool AreWaiting(string clusterId) =>
        !_waiting.IsZero && _queues.TryGetValue(clusterId, out var queue) && queue.Count > 0;

    /// <summary>The queue of a cluster; null when it has had none so far.</summary>
    public ClusterQueue? Find(string clusterId) => _queues.GetValueOrDefault(clusterId);

    /// <summary>Waits in the queue of the cluster, which must have one, for a place.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="flow">What the scheduler may know of the request or connection.</param>
    /// <param name="gone">Fires when the client has gone.</param>
    public ValueTask<Waited> WaitAsync(Cluster cluster, in Flow flow, CancellationToken gone)
    {
        var queue = QueueOf(cluster);
        var waiting = queue.WaitAsync(ClientOf(flow.Client), flow, gone);
        OnEntered(cluster.Id, queue);
        return waiting;
    }

    /// <summary>Begins to wait in the queue of the cluster, which must have one; what comes of it is told to
    /// <paramref name="waiter"/>, perhaps within this call.</summary>
    /// <returns>The queue, to leave it.</returns>
    public ClusterQueue Enter(Cluster cluster, Waiter waiter)
    {
        var queue = QueueOf(cluster);
        queue.Enter(ClientOf(waiter.Flow.Client), waiter);
        OnEntered(cluster.Id, queue);
        return queue;
    }

    /// <summary>A place of the cluster may have become free. Costs next to nothing while nobody waits anywhere.</summary>
    public void Freed(string clusterId)
    {
        if (!_waiting.IsZero && _queues.TryGetValue(clusterId, out var queue))
        {
            Serve(clusterId, queue);
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

    private ClusterQueue QueueOf(Cluster cluster)
    {
        var options = cluster.Options.Queue!;
        var queue = _queues.GetOrAdd(cluster.Id, _ => new ClusterQueue(_time, options, _waiting));
        queue.Options = options;
        return queue;
    }

    private void OnEntered(string clusterId, ClusterQueue queue)
    {
        // Between the look that found no place and the entry one may have become free, or the cluster have gone.
        Serve(clusterId, queue);
        if (Interlocked.Exchange(ref _isLooking, 1) == 0)
        {
            _timer.Change(_look, _look);
        }
    }

    private void Serve(string clusterId, ClusterQueue queue, bool all = false)
    {
        if (queue.Count == 0)
        {
            return;
        }

        if (_schedulers.Find(clusterId) is not { } scheduler)
        {
            queue.RefuseAll();
        }
        else if (all)
        {
            queue.ServeAll(scheduler);
        }
        else
        {
            queue.Serve(scheduler);
        }
    }

    private void Look()
    {
        foreach (var (clusterId, queue) in _queues)
        {
            Serve(clusterId, queue, all: true);
        }

        if (_waiting.IsZero)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Volatile.Write(ref _isLooking, 0);
            if (!_waiting.IsZero && Interlocked.Exchange(ref _isLooking, 1) == 0)
            {
                _timer.Change(_look, _look);
            }
        }
    }

    private void Forget(Snapshot snapshot)
    {
        foreach (var (clusterId, queue) in _queues)
        {
            if (snapshot.FindCluster(clusterId) is null)
            {
                queue.RefuseAll();
                _queues.TryRemove(clusterId, out _);
            }
        }
    }
}
