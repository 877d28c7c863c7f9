using System.Net.Sockets;

namespace Gateway.EventLoop;

/// <summary>The part of a listener that lives on one loop.</summary>
internal abstract class Entrance(Loop loop, Socket socket) : LoopSocket(loop, (int)socket.Handle)
{
    /// <summary>Begins to take clients in; on the loop's thread, as <see cref="Stop"/>. Throws <see cref="SocketException"/> when the
    /// kernel cannot watch the socket.</summary>
    public virtual void Start()
    {
        if (Loop.Add(this, Libc.EpollIn) is not 0 and var error)
        {
            throw new SocketException(error);
        }
    }

    /// <summary>Takes no more clients in, and closes the socket.</summary>
    public abstract void Stop();

    /// <summary>Takes no more clients in, and leaves the socket, and who waits there, to somebody else.</summary>
    public void Release()
    {
        IsStopped = true;
        Loop.Leave(this);
    }

    protected bool IsStopped { get; private set; }

    internal override void OnFault()
    {
        // One client's trouble; the next is welcome.
    }

    protected void CloseEntrance()
    {
        IsStopped = true;
        Loop.Remove(this);
        ListenSocket.Close(socket);
    }
}
