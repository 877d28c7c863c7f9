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

    /// <summary>Tries one destination after the other until one is being connected to. Where connecting fails at once, as
    /// without a route, all tries are made here; they are few (<see cref="RelayConnection.NextDestination"/>).</summary>
    private void ConnectToNextDestination()
    {
        while (true)
        {
            _attempt++;
            if (NextDestination() is not { } destination)
            {
                Finish(reset: true);
                return;
            }

            Loop.Schedule(ClientStream, VirtualServer.Options.ConnectTimeout);
            if (destination.EndPoint is not IPEndPoint endPoint)
            {
                _ = ResolveAsync(((DnsEndPoint)destination.EndPoint).Host, _attempt);
                return;
            }

            Take([endPoint.Address]);
            if (TryAddresses(Libc.ErrorHostUnreachable))
            {
                return;
            }
        }
    }

    private async Task ResolveAsync(string host, int attempt)
    {
        var addresses = await Names.ResolveAsync(host);
        Loop.Post(() =>
        {
            if (!IsReleased && attempt == _attempt)
            {
                Take(addresses);
                ConnectToNextAddress(Libc.ErrorHostUnreachable);
            }
        }, OnFault);
    }

    private void Take(IPAddress[] addresses)
    {
        _addresses = addresses.Length > MostAddresses ? addresses[..MostAddresses] : addresses;
        _nextAddress = 0;
    }

    /// <summary>Tries the destination's addresses in turn, and the next destination when none is left.</summary>
    /// <param name="error">What is wrong with the destination if there is no further address.</param>
    private void ConnectToNextAddress(int error)
    {
        if (!TryAddresses(error))
        {
            ConnectToNextDestination();
        }
    }

    /// <summary>Tries the destination's addresses in turn; false, with the destination given up, when none is left.</summary>
    /// <param name="error">What is wrong with the destination if there is no further address.</param>
    private bool TryAddresses(int error)
    {
        while (_nextAddress < _addresses.Length)
        {
            error = TryConnect(_addresses[_nextAddress]);
            if (RelaySocket.IsOutOfResources(error))
            {
                WaitForResources(error);
                return true;
            }

            _nextAddress++;
            if (error == 0)
            {
                StopWaiting();
                return true;
            }
        }

        if (error == Libc.ErrorAddressNotAvailable)
        {
            ConnectNotPossible();
        }
        else
        {
            ConnectFailed(ToFailure(error));
        }

        StopWaiting();
        return false;
    }

    /// <summary>Tries the same address again in a moment; the client, like those not yet accepted, waits.</summary>
    private void WaitForResources(int error)
    {
        _entrance.Pause(error);
        _waitingSince = _waitingSince == 0 ? Loop.Now : _waitingSince;
        if (Time.GetElapsedTime(_waitingSince, Loop.Now) < VirtualServer.Options.ConnectTimeout)
        {
            Loop.Schedule(ClientStream, _pauseWithoutResources);
        }
        else
        {
            Close(ConnectionEnd.Failed);
        }
    }

    private void StopWaiting()
    {
        if (_waitingSince != 0)
        {
            _waitingSince = 0;
            Loop.Schedule(ClientStream, VirtualServer.Options.ConnectTimeout);
        }
    }

    /// <summary>Begins to connect; returns 0, or the error.</summary>
    private unsafe int TryConnect(IPAddress to)
    {
        var address = new NativeAddress(to, DestinationPort);
        var fd = Libc.Socket(
            address.Family, Libc.SocketStream | Libc.SocketNonBlocking | Libc.SocketCloseOnExec, protocol: 0);
        if (fd < 0)
        {
            return Libc.Errno;
        }

        if (fd >= RelaySocket.FirstReserved)
        {
            _ = Libc.Close(fd);
            return Libc.ErrorFilesInProcess;
        }

        _ = Libc.SetOption(fd, Libc.LevelSocket, Libc.OptionUrgentInline, 1);
        if (_hasPending)
        {
            // The handshake is acknowledged by what is sent next, and takes no segment of its own for it.
            _ = Libc.SetOption(fd, Libc.LevelTcp, Libc.TcpQuickAck, 0);
        }

        var error = BindSource(fd, to);
        if (error == 0)
        {
            error = Libc.Connect(fd, &address, address.Length) == 0 ? 0 : Libc.Errno;
        }

        if (error is not (0 or Libc.ErrorInProgress))
        {
            _ = Libc.Close(fd);
            return error;
        }

        Upstream = NewStream(fd, isClient: false);
        Upstream.Peer = ClientStream;
        ClientStream.Peer = Upstream;
        error = Upstream.WatchConnecting();
        if (error != 0)
        {
            Upstream.Close(reset: false);
        }

        return error;
    }

    private int BindSource(int fd, IPAddress to)
    {
        var source = SourceFor(to.AddressFamily);
        return source is null ? 0
            : source.AddressFamily != to.AddressFamily ? Libc.ErrorAddressNotAvailable
            : RelaySocket.BindSource(fd, source, VirtualServer.Options.Transparent);
    }

    private static FailureReason ToFailure(int error) => error switch
    {
        Libc.ErrorConnectionRefused => FailureReason.ConnectRefused,
        Libc.ErrorTimedOut => FailureReason.ConnectTimeout,
        _ => FailureReason.ConnectError,
    };
}
