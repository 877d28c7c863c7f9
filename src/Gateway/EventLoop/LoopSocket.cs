namespace Gateway.EventLoop;

/// <summary>A descriptor that a loop watches, and what to do when it is ready. Used on its loop's thread only.</summary>
internal abstract class LoopSocket(Loop loop, int fd) : LoopTimer
{
    private const int Closed = -1;

    public Loop Loop { get; } = loop;

    public int Fd { get; private set; } = fd;

    public bool IsClosed => Fd == Closed;

    /// <summary>Which registration this is, so that events of an earlier owner of the descriptor are recognized.</summary>
    internal int Generation { get; set; }

    /// <summary>Whether <see cref="OnDeferred"/> is going to be called.</summary>
    internal bool IsDeferred { get; set; }

    /// <summary>The kernel reported these epoll events.</summary>
    internal abstract void OnReady(uint events);

    /// <summary>An exception came out of one of the other calls: end what this belongs to, whose state is not known.</summary>
    internal abstract void OnFault();

    /// <summary>Others had their turn after <see cref="Loop.Defer"/>; go on with what was broken off.</summary>
    internal virtual void OnDeferred()
    {
        // Only those that defer themselves have something to go on with.
    }

    internal override void OnDue()
    {
        // Only those that schedule themselves have something to do.
    }

    /// <summary>Gives the descriptor away, open and watched as it is, to whom <see cref="Loop.Take"/> is told of; pending events and
    /// timers of this object are dropped.</summary>
    protected int Detach()
    {
        var fd = Fd;
        Loop.Remove(this);
        Fd = Closed;
        return fd;
    }

    /// <summary>Closes the descriptor; pending events and timers of it are dropped.</summary>
    protected void CloseSocket()
    {
        if (!IsClosed)
        {
            Loop.Remove(this);
            _ = Libc.Close(Fd);
            Fd = Closed;
        }
    }
}
