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

    protected void CloseEntrance()
    {
        IsStopped = true;
        Loop.Remove(this);
        socket.Dispose();
    }
}
