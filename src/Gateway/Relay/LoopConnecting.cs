using System.Net;
using Gateway.Clusters;
using Gateway.EventLoop;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>A relayed connection on an event loop until a destination has answered: reads of the client what must be known
/// of it, and connects. Used on the loop's thread, but for what <see cref="RelayConnection"/> allows.</summary>
internal abstract partial class LoopConnecting : RelayConnection
{
    private static readonly TimeSpan _pauseWithoutResources = TimeSpan.FromMilliseconds(200);

    private readonly TcpEntrance _entrance;
    private readonly int _clientFd;

    // While something is to be read of the client before it is led anywhere.
    private Opening? _opening;

    // Whether something is to be sent as soon as a destination answers.
    private bool _hasPending;

    // Addresses of the destination being tried, the next of them, and when its time to connect began.
    private IPAddress[] _addresses = [];
    private int _nextAddress;
    private long _connectingSince;

    // Tells a name that was resolved too late from the one being waited for.
    private int _attempt;

    // When waiting for descriptors or memory began; 0 is not waiting.
    private long _waitingSince;

    protected LoopConnecting(TcpEntrance entrance, int client, VirtualServer virtualServer, ConnectionTable table, in Flow flow)
        : base(virtualServer, table, flow)
    {
        _entrance = entrance;
        Loop = entrance.Loop;
        _clientFd = client;
    }

    /// <summary>Whether both sides are connected.</summary>
    public bool IsRelaying { get; private set; }

    protected Loop Loop { get; }

    protected LoopEnd ClientEnd { get; private set; } = null!;

    protected LoopEnd? Upstream { get; private set; }

    /// <summary>Whether both sides are closed and the accounts as well.</summary>
    protected bool IsReleased { get; private set; }

    public void Start()
    {
        ClientEnd = NewEnd(_clientFd, isClient: true);
        if (!TryOpen())
        {
            Finish(reset: true);
            return;
        }

        _opening = NewOpening();
        if (_opening is null)
        {
            _hasPending = VirtualServer.Options.ProxyProtocol.Send != 0 || TryReadAhead();
            if (!IsReleased)
            {
                OnLed();
            }
        }
        else if (ClientEnd.TryWatch())
        {
            Loop.Schedule(ClientEnd, VirtualServer.Options.HandshakeTimeout);
        }
        else
        {
            Close(ConnectionEnd.Failed);
        }
    }

    public void OnReadyWhileConnecting(LoopEnd end, uint events)
    {
        if (end == ClientEnd && _opening is { } opening)
        {
            ReadOpening(opening, (events & (Libc.EpollReadHangup | Libc.EpollHangup)) != 0);
        }
        else if (end == ClientEnd && IsWaiting)
        {
            OnReadyWhileWaiting(events);
        }
        else if (end == ClientEnd && IsSayingSorry)
        {
            Discard();
        }

        if (end != Upstream)
        {
            return;
        }

        var failed = (events & (Libc.EpollError | Libc.EpollHangup)) != 0;
        if (!failed && (events & Libc.EpollOut) != 0)
        {
            OnConnected();
        }
        else if (failed)
        {
            var error = Libc.TakeError(end.Fd);
            end.Close(reset: false);
            ConnectToNextAddress(error);
        }
    }

    public virtual void OnConnectTimeout()
    {
        if (IsParting)
        {
            Finish(reset: false);
            return;
        }

        if (_opening is { } opening)
        {
            OnOpening(opening, opening.TimeOut());
            return;
        }

        if (IsSayingSorry)
        {
            Finish(reset: true);
            return;
        }

        if (_waitingSince != 0)
        {
            ConnectToNextAddress(Libc.ErrorHostUnreachable);
            return;
        }

        if (_nextAddress < _addresses.Length)
        {
            Upstream?.Close(reset: false);
            ConnectToNextAddress(Libc.ErrorTimedOut);
            return;
        }

        GiveUpDestination(FailureReason.ConnectTimeout);
    }

    public void OnBroken(LoopEnd end) =>
        Close(end.IsClient ? ConnectionEnd.ClientReset : ConnectionEnd.DestinationReset);

    /// <summary>Something went wrong that should not have: both sides are reset.</summary>
    public void OnFault()
    {
        Close(ConnectionEnd.Failed);
        Finish(reset: true);
    }

    protected abstract LoopEnd NewEnd(int fd, bool isClient);

    /// <summary>Reads what the client has sent before there is a destination, as far as that may be held; true when there was
    /// something.</summary>
    protected virtual bool TryReadAhead() => false;

    /// <summary>All is known of the client that was to be known: it may go to a destination.</summary>
    protected virtual void OnLed() => ConnectToNextDestination();

    /// <summary>The destination being tried has answered.</summary>
    protected virtual void OnConnected()
    {
        IsRelaying = true;
        Loop.Cancel(ClientEnd);
        _addresses = [];
        Connected();
        StartRelaying();
    }

    /// <summary>The destination being tried failed: the next one is.</summary>
    protected void GiveUpDestination(FailureReason reason)
    {
        Upstream?.Close(reset: false);
        ConnectFailed(reason);
        ConnectToNextDestination();
    }

    /// <summary>Both sides are ready: bytes may be moved.</summary>
    protected abstract void StartRelaying();

    /// <summary>Both sockets and the accounts are closed.</summary>
    protected virtual void OnReleased()
    {
        // The sockets are mostly all there is.
    }

    /// <summary>Four system calls and a timer for each socket, which most connections do not live to see: TCP asks for the
    /// first time after a second at the earliest.</summary>
    protected override void OnLasting()
    {
        if (VirtualServer.Options.KeepAlive > TimeSpan.Zero || VirtualServer.Options.UserTimeout > TimeSpan.Zero)
        {
            Loop.Post(() =>
            {
                if (!IsReleased)
                {
                    foreach (var fd in (ReadOnlySpan<int>)[ClientEnd.Fd, Upstream!.Fd])
                    {
                        RelaySocket.KeepAlive(fd, VirtualServer.Options);
                        RelaySocket.SetUserTimeout(fd, VirtualServer.Options);
                    }
                }
            });
        }
    }

    protected override void Abort()
    {
        if (Loop.IsCurrentThread)
        {
            Finish(reset: true);
        }
        else
        {
            Loop.Post(() => Finish(reset: true));
        }
    }

    protected void Finish(bool reset)
    {
        if (!IsReleased)
        {
            IsReleased = true;
            LeaveQueue();
            ClientEnd.Close(reset);
            Upstream?.Close(reset);
            Release();
            OnReleased();
        }
    }
}
