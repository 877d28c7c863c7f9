using Gateway.Clusters;
using Gateway.Queueing;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <content>Waiting for a place while every destination is full.</content>
internal abstract partial class RelayConnection
{
    private Cluster? _awaited;
    private long _queuedSince;
    private TimeSpan _queued;

    /// <summary>Whether every destination is full, and the connection waits in the cluster's queue, or is to begin to.</summary>
    protected bool HasToWait => Volatile.Read(ref _awaited) is not null;

    /// <summary>What the scheduler may know of the connection.</summary>
    protected Flow Flow => _flow;

    /// <summary>The cluster in whose queue it has to wait.</summary>
    protected Cluster Awaited => _awaited!;

    /// <summary>Takes what came of the waiting; returns the destination to try, or null, and the end is then set.</summary>
    protected Destination? Take(Waited waited)
    {
        _queued = Time.GetElapsedTime(_queuedSince);
        Volatile.Write(ref _awaited, null);
        Destination = waited.Destination;
        _reserved = Destination is not null;
        _lastTried = Destination;
        if (Destination is null)
        {
            TrySetEnd(waited.End switch
            {
                WaitEnd.Full => ConnectionEnd.QueueFull,
                WaitEnd.Late => ConnectionEnd.QueueTimeout,
                WaitEnd.Left => ConnectionEnd.ClientReset,
                _ => ConnectionEnd.NoDestination,
            });
        }

        return Destination;
    }

    /// <summary>Gives back a place that came when nobody wanted it any more.</summary>
    protected void GiveBack(Destination destination)
    {
        destination.State.Unbind();
        VirtualServer.Queues.Freed(destination.ClusterId);
    }

    /// <summary>Reserves a destination; null when there is none, or none yet.</summary>
    private Destination? Pick(ClusterScheduler scheduler)
    {
        // What failed at one destination is tried at the others, as far as those have a place, and does not wait again.
        if (scheduler.Cluster.Options.Queue is null || _flow.IsDatagrams || _lastTried is not null)
        {
            return scheduler.Bind(_flow, _exclusions);
        }

        // Those who wait are not overtaken.
        var picked = VirtualServer.Queues.AreWaiting(scheduler.Cluster.Id) ? null : scheduler.Bind(_flow);
        if (picked is null && ClusterQueues.IsWorthWaiting(scheduler))
        {
            _queuedSince = Time.GetTimestamp();
            Volatile.Write(ref _awaited, scheduler.Cluster);
        }

        return picked;
    }
}
