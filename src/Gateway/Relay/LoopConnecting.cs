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

    /// <summary>Of one name, so many addresses are tried: whoever answers for it cannot keep the loop busy.</summary>
    private const int MostAddresses = 16;

    private readonly TcpEntrance _entrance;
    private readonly int _clientFd;

    // While something is to be read of the client before it is led anywhere.
    private Opening? _opening;

    // Whether something is to be sent as soon as a destination answers.
    private bool _hasPending;

    // Addresses of the destination being tried, when its address is a name, and the next of them.
    private IPAddress[] _addresses = [];
    private int _nextAddress;

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

    protected LoopStream ClientStream { get; private set; } = null!;

    protected LoopStream? Upstream { get; private set; }

    /// <summary>Whether both sides are closed and the accounts as well.</summary>
    protected bool IsReleased { get; private set; }

    public void Start()
    {
        ClientStream = NewStream(_clientFd, isClient: true);
        if (!TryOpen())
        {
            Finish(reset: true);
            return;
        }

        _opening = NewOpening();
        if (_opening is null)
        {
            _hasPending = VirtualServer.Options.ProxyProtocol.Send != 0 || ClientStream.TryReadAhead();
            ConnectToNextDestination();
        }
        else if (ClientStream.TryWatch())
        {
            Loop.Schedule(ClientStream, VirtualServer.Options.HandshakeTimeout);
        }
        else
        {
            Close(ConnectionEnd.Failed);
        }
    }

    public void OnReadyWhileConnecting(LoopStream stream, uint events)
    {
        if (stream == ClientStream && _opening is { } opening)
        {
            ReadOpening(opening, (events & (Libc.EpollReadHangup | Libc.EpollHangup)) != 0);
        }

        if (stream != Upstream)
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
            var error = Libc.TakeError(stream.Fd);
            stream.Close(reset: false);
            ConnectToNextAddress(error);
        }
    }

    public void OnConnectTimeout()
    {
        if (_opening is { } opening)
        {
            OnOpening(opening, opening.TimeOut());
            return;
        }

        if (_waitingSince != 0)
        {
            ConnectToNextAddress(Libc.ErrorHostUnreachable);
            return;
        }

        Upstream?.Close(reset: false);
        ConnectFailed(FailureReason.ConnectTimeout);
        ConnectToNextDestination();
    }

    public void OnBroken(LoopStream stream) =>
        Close(stream.IsClient ? ConnectionEnd.ClientReset : ConnectionEnd.DestinationReset);

    /// <summary>Something went wrong that should not have: both sides are reset.</summary>
    public void OnFault()
    {
        Close(ConnectionEnd.Failed);
        Finish(reset: true);
    }

    protected abstract LoopStream NewStream(int fd, bool isClient);

    /// <summary>A destination has answered.</summary>
    protected abstract void StartRelaying();

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
            ClientStream.Close(reset);
            Upstream?.Close(reset);
            Release();
        }
    }

    private void OnConnected()
    {
        IsRelaying = true;
        Loop.Cancel(ClientStream);
        _addresses = [];
        Connected();
        StartRelaying();
    }
}
