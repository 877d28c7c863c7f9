using Gateway.EventLoop;
using Gateway.Queueing;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <content>Waiting in the cluster's queue. The client is not read meanwhile, only watched for whether it goes.</content>
internal abstract partial class LoopConnecting
{
    private LoopWaiter? _waiter;
    private ClusterQueue? _queue;

    /// <summary>Whether the connection waits for a place at a destination.</summary>
    public bool IsWaiting => _waiter is not null;

    private void Wait()
    {
        _waiter = new LoopWaiter(this, Flow);
        if (!ClientEnd.TryWatchAnew())
        {
            _waiter = null;
            Close(ConnectionEnd.Failed);
            return;
        }

        _queue = VirtualServer.Queues.Enter(Awaited, _waiter);
    }

    /// <summary>An end of the client's stream while it waits is that of the client: one that closed looks the same as one that
    /// closed its half and listens, and is by far the likelier.</summary>
    private void OnReadyWhileWaiting(uint events)
    {
        if ((events & (Libc.EpollReadHangup | Libc.EpollHangup | Libc.EpollError)) != 0)
        {
            OnBroken(ClientEnd);
        }
    }

    private void OnWaited(Waited waited)
    {
        _waiter = null;
        _queue = null;
        if (!IsReleased)
        {
            ConnectTo(Take(waited));
        }
        else if (waited.Destination is { } destination)
        {
            GiveBack(destination);
        }
    }

    private void LeaveQueue()
    {
        if (_waiter is { } waiter)
        {
            // If a place is on its way to here, that gives it back.
            _queue?.Leave(waiter);
        }
    }

    private sealed class LoopWaiter(LoopConnecting connection, in Flow flow) : Waiter(flow)
    {
        protected override void OnEnded(Waited waited) =>
            connection.Loop.Post(() => connection.OnWaited(waited), connection.OnFault);
    }
}
