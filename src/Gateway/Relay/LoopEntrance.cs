using System.Net.Sockets;
using Gateway.EventLoop;

namespace Gateway.Relay;

/// <summary>The part of a listener that lives on one loop.</summary>
internal abstract class LoopEntrance(Loop loop, Socket socket) : LoopSocket(loop, (int)socket.Handle)
{
    /// <summary>Begins to take clients in; on the loop's thread, as <see cref="Stop"/>.</summary>
    public abstract void Start();

    /// <summary>Takes no more clients in, and closes the socket.</summary>
    public abstract void Stop();

    protected bool IsStopped { get; private set; }

    internal override void OnFault()
    {
        // One client's trouble; the next is welcome.
    }

    /// <summary>Begins to watch the socket; throws <see cref="SocketException"/> when the kernel cannot.</summary>
    protected void Watch()
    {
        if (Loop.Add(this, Libc.EpollIn) is not 0 and var error)
        {
            throw new SocketException(error);
        }
    }

    protected void CloseEntrance()
    {
        IsStopped = true;
        Loop.Remove(this);
        socket.Dispose();
    }
}
