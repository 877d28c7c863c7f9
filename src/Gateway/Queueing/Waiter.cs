using Gateway.Scheduling;

namespace Gateway.Queueing;

/// <summary>A request or connection that waits in a <see cref="ClusterQueue"/>, once.</summary>
internal abstract class Waiter
{
    private ITimer? _timer;
    private bool _hasEnded;

    /// <param name="flow">What the scheduler may know of it.</param>
    protected Waiter(in Flow flow)
    {
        Flow = flow;
        Node = new LinkedListNode<Waiter>(this);
    }

    public Flow Flow { get; }

    /// <summary>The line it stands in; null before it stands in one.</summary>
    public ClientLine? Line { get; set; }

    /// <summary>Its place in the line.</summary>
    public LinkedListNode<Waiter> Node { get; }

    /// <summary>Has the timer of its patience stopped when the waiting has ended, or now if it has.</summary>
    public void Keep(ITimer timer)
    {
        Interlocked.Exchange(ref _timer, timer);
        if (Volatile.Read(ref _hasEnded))
        {
            StopTimer();
        }
    }

    /// <summary>Tells that the waiting is over; called once.</summary>
    public void End(Waited waited)
    {
        Volatile.Write(ref _hasEnded, true);
        StopTimer();
        OnEnded(waited);
    }

    /// <summary>The waiting is over. Called once, from any thread and perhaps within a lock of the queue's: it must only pass
    /// the word on. A destination that it brings is to be given back in any case.</summary>
    protected abstract void OnEnded(Waited waited);

    private void StopTimer() => Interlocked.Exchange(ref _timer, null)?.Dispose();
}
