using System.Net;
using Gateway.Clusters;
using Gateway.EventLoop;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>A relayed connection on an event loop: connects to a destination, then lets its two streams pump. Used on
/// the loop's thread, but for what <see cref="RelayConnection"/> allows.</summary>
internal sealed class LoopConnection : RelayConnection
{
    private static readonly TimeSpan _pauseWithoutResources = TimeSpan.FromMilliseconds(200);

    private readonly Loop _loop;
    private readonly TcpEntrance _entrance;
    private readonly LoopStream _client;
    private LoopStream? _upstream;

    // While something is to be read of the client before it is led anywhere.
    private Opening? _opening;

    // Addresses of the destination being tried, when its address is a name, and the next of them.
    private IPAddress[] _addresses = [];
    private int _nextAddress;

    // Tells a name that was resolved too late from the one being waited for.
    private int _attempt;
    private bool _released;

    // When waiting for descriptors or memory began; 0 is not waiting.
    private long _waitingSince;

    public LoopConnection(TcpEntrance entrance, int client, VirtualServer virtualServer, ConnectionTable table, in Flow flow)
        : base(virtualServer, table, flow)
    {
        _entrance = entrance;
        _loop = entrance.Loop;
        _client = new LoopStream(_loop, client, this, isClient: true);
    }

    /// <summary>Whether both sides are connected.</summary>
    public bool IsRelaying { get; private set; }

    public void Start()
    {
        if (!TryOpen())
        {
            Finish(reset: true);
            return;
        }

        if (_loop.Add(_client, LoopStream.Events) != 0)
        {
            Close(ConnectionEnd.Failed);
            return;
        }

        _opening = NewOpening();
        if (_opening is null)
        {
            ConnectToNextDestination();
        }
        else
        {
            _loop.Schedule(_client, VirtualServer.Options.HandshakeTimeout);
        }
    }

    public void OnReadyWhileConnecting(LoopStream stream, uint events)
    {
        if (stream == _client && _opening is { } opening)
        {
            ReadOpening(opening, (events & (Libc.EpollReadHangup | Libc.EpollHangup)) != 0);
        }

        if (stream != _upstream)
        {
            return;
        }

        var failed = (events & (Libc.EpollError | Libc.EpollHangup)) != 0;
        if (!failed && (events & Libc.EpollOut) != 0)
        {
            StartRelaying();
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

        _upstream?.Close(reset: false);
        ConnectFailed(FailureReason.ConnectTimeout);
        ConnectToNextDestination();
    }

    public void CountMoved(LoopStream source, int bytes)
    {
        if (source.IsClient)
        {
            CountSent(bytes, _loop.Now);
        }
        else
        {
            CountReceived(bytes, _loop.Now);
        }
    }

    /// <summary>The source closed its half, and all it sent has been passed on.</summary>
    public void OnFinished(LoopStream source)
    {
        CountHalfClosed(source.IsClient ? ConnectionEnd.Client : ConnectionEnd.Destination);
        if (source.Peer!.IsFinished)
        {
            Finish(reset: false);
        }
        else if (Libc.Shutdown(source.Peer.Fd, Libc.ShutdownWrite) != 0)
        {
            OnBroken(source.Peer);
        }
    }

    public void OnBroken(LoopStream stream) =>
        Close(stream.IsClient ? ConnectionEnd.ClientReset : ConnectionEnd.DestinationReset);

    /// <summary>Something went wrong that should not have: both sides are reset.</summary>
    public void OnFault()
    {
        Close(ConnectionEnd.Failed);
        Finish(reset: true);
    }

    protected override void StopReadingClient() => _loop.Post(() =>
    {
        if (!_released)
        {
            // The kernel hands out what it has and then says that the stream has ended, as after a FIN.
            _ = Libc.Shutdown(_client.Fd, Libc.ShutdownRead);
        }
    });

    protected override void Abort()
    {
        if (_loop.IsCurrentThread)
        {
            Finish(reset: true);
        }
        else
        {
            _loop.Post(() => Finish(reset: true));
        }
    }

    /// <summary>Looks at what the client has sent, without taking it, so that it is moved like everything after it.</summary>
    private unsafe void ReadOpening(Opening opening, bool isEnd)
    {
        OpeningResult result;
        int taken;
        do
        {
            var length = (int)Libc.Receive(_client.Fd, _loop.Buffer, Opening.MaxLength, Libc.MessagePeek);
            if (length < 0)
            {
                if (Libc.Errno is not (Libc.ErrorAgain or Libc.ErrorInterrupted))
                {
                    OnBroken(_client);
                }

                return;
            }

            if (length == 0)
            {
                // It came and went, as probes of a proxy in front do.
                TrySetEnd(ConnectionEnd.Client);
                Finish(reset: false);
                return;
            }

            result = opening.Read(new ReadOnlySpan<byte>(_loop.Buffer, length), isEnd, out taken);
            if (taken > 0)
            {
                _ = Libc.Receive(_client.Fd, _loop.Buffer, taken, 0);
            }
        }
        while (result == OpeningResult.Incomplete && taken > 0);

        OnOpening(opening, result);
    }

    private void OnOpening(Opening opening, OpeningResult result)
    {
        if (result == OpeningResult.Incomplete)
        {
            return;
        }

        _opening = null;
        _loop.Cancel(_client);
        if (result == OpeningResult.Refused)
        {
            Close(opening.Fault);
        }
        else if (TryLead(opening))
        {
            ConnectToNextDestination();
        }
        else
        {
            Finish(reset: true);
        }
    }

    private void ConnectToNextDestination()
    {
        _attempt++;
        if (NextDestination() is not { } destination)
        {
            Finish(reset: true);
            return;
        }

        _loop.Schedule(_client, VirtualServer.Options.ConnectTimeout);
        if (destination.EndPoint is IPEndPoint endPoint)
        {
            _addresses = [endPoint.Address];
            _nextAddress = 0;
            ConnectToNextAddress(Libc.ErrorHostUnreachable);
        }
        else
        {
            _ = ResolveAsync(((DnsEndPoint)destination.EndPoint).Host, _attempt);
        }
    }

    private async Task ResolveAsync(string host, int attempt)
    {
        var addresses = await Names.ResolveAsync(host);
        _loop.Post(() =>
        {
            if (!_released && attempt == _attempt)
            {
                _addresses = addresses;
                _nextAddress = 0;
                ConnectToNextAddress(Libc.ErrorHostUnreachable);
            }
        }, OnFault);
    }

    /// <summary>Tries the destination's addresses in turn, and the next destination when none is left.</summary>
    /// <param name="error">What is wrong with the destination if there is no further address.</param>
    private void ConnectToNextAddress(int error)
    {
        while (_nextAddress < _addresses.Length)
        {
            error = TryConnect(new NativeAddress(_addresses[_nextAddress], Destination!.Options.Address.Port));
            if (RelaySocket.IsOutOfResources(error))
            {
                WaitForResources(error);
                return;
            }

            _nextAddress++;
            if (error == 0)
            {
                StopWaiting();
                return;
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
        ConnectToNextDestination();
    }

    /// <summary>Tries the same address again in a moment; the client, like those not yet accepted, waits.</summary>
    private void WaitForResources(int error)
    {
        _entrance.Pause(error);
        _waitingSince = _waitingSince == 0 ? _loop.Now : _waitingSince;
        if (Time.GetElapsedTime(_waitingSince, _loop.Now) < VirtualServer.Options.ConnectTimeout)
        {
            _loop.Schedule(_client, _pauseWithoutResources);
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
            _loop.Schedule(_client, VirtualServer.Options.ConnectTimeout);
        }
    }

    /// <summary>Begins to connect; returns 0, or the error.</summary>
    private unsafe int TryConnect(NativeAddress address)
    {
        var fd = Libc.Socket(
            address.Family, Libc.SocketStream | Libc.SocketNonBlocking | Libc.SocketCloseOnExec, protocol: 0);
        if (fd < 0)
        {
            return Libc.Errno;
        }

        RelaySocket.Configure(fd, VirtualServer.Options);
        var error = Libc.Connect(fd, &address, address.Length) == 0 ? 0 : Libc.Errno;
        if (error is not (0 or Libc.ErrorInProgress))
        {
            _ = Libc.Close(fd);
            return error;
        }

        _upstream = new LoopStream(_loop, fd, this, isClient: false) { Peer = _client };
        _client.Peer = _upstream;
        error = _loop.Add(_upstream, LoopStream.Events);
        if (error != 0)
        {
            _upstream.Close(reset: false);
        }

        return error;
    }

    private void StartRelaying()
    {
        IsRelaying = true;
        _loop.Cancel(_client);
        _addresses = [];
        Connected();
        SendProxyHeader();
        if (!_released)
        {
            _client.Pump();
        }

        if (!_released)
        {
            _upstream!.Pump();
        }
    }

    private unsafe void SendProxyHeader()
    {
        var length = WriteProxyHeader(new Span<byte>(_loop.Buffer, Loop.BufferSize));
        if (length > 0)
        {
            _client.SendAhead(length);
        }
    }

    private void Finish(bool reset)
    {
        if (!_released)
        {
            _released = true;
            _client.Close(reset);
            _upstream?.Close(reset);
            Release();
        }
    }

    private static FailureReason ToFailure(int error) => error switch
    {
        Libc.ErrorConnectionRefused => FailureReason.ConnectRefused,
        Libc.ErrorTimedOut => FailureReason.ConnectTimeout,
        _ => FailureReason.ConnectError,
    };
}
