using System.Net;
using Gateway.Clusters;
using Gateway.EventLoop;

namespace Gateway.Relay;

/// <content>How a destination is connected to.</content>
internal abstract partial class LoopConnecting
{
    private void ConnectToNextDestination() => ConnectTo(NextDestination());

    /// <summary>Tries one destination after the other until one is being connected to. Where connecting fails at once, as
    /// without a route, all tries are made here; they are few (<see cref="RelayConnection.NextDestination"/>).</summary>
    /// <param name="destination">The first one; null when there is none.</param>
    private void ConnectTo(Destination? destination)
    {
        for (; destination is not null; destination = NextDestination())
        {
            _attempt++;
            _connectingSince = Loop.Now;
            if (destination.EndPoint is not IPEndPoint endPoint)
            {
                UseAddresses([]);
                Loop.Schedule(ClientEnd, VirtualServer.Options.ConnectTimeout);
                _ = ResolveAsync(((DnsEndPoint)destination.EndPoint).Host, _attempt);
                return;
            }

            UseAddresses([endPoint.Address]);
            if (TryAddresses(Libc.ErrorHostUnreachable))
            {
                return;
            }
        }

        // A name that is resolved only now is not waited for any more.
        _attempt++;
        if (HasToWait)
        {
            Wait();
        }
        else
        {
            Refuse();
        }
    }

    private async Task ResolveAsync(string host, int attempt)
    {
        var addresses = await Names.ResolveAsync(host);
        Loop.Post(() =>
        {
            if (!IsReleased && attempt == _attempt)
            {
                UseAddresses(addresses);
                ConnectToNextAddress(Libc.ErrorHostUnreachable);
            }
        }, OnFault);
    }

    private void UseAddresses(IPAddress[] addresses)
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
            if (Libc.IsOutOfResources(error))
            {
                WaitForResources(error);
                return true;
            }

            if (error == 0)
            {
                StopWaiting();
                Loop.Schedule(ClientEnd, PatienceFor(Loop.Elapsed(_connectingSince), _addresses.Length - _nextAddress));
                _nextAddress++;
                return true;
            }

            _nextAddress++;
        }

        if (RelaySocket.IsOutOfPorts(error))
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
            Loop.Schedule(ClientEnd, _pauseWithoutResources);
        }
        else
        {
            Close(ConnectionEnd.Failed);
        }
    }

    /// <summary>The time that was waited for Gateway's own want is none of the destination's.</summary>
    private void StopWaiting()
    {
        if (_waitingSince != 0)
        {
            _waitingSince = 0;
            _connectingSince = Loop.Now;
        }
    }

    /// <summary>The address being tried has answered: no other is tried, and what else it takes to agree with the destination
    /// has all that is left of the time to connect.</summary>
    protected void KeepToAddress()
    {
        UseAddresses([]);
        Loop.Schedule(ClientEnd, PatienceFor(Loop.Elapsed(_connectingSince), 1));
    }

    /// <summary>Begins to connect; returns 0, or the error.</summary>
    private unsafe int TryConnect(IPAddress to)
    {
        var address = new NativeAddress(to, DestinationPort);
        var fd = Descriptors.OpenSocket(address.Family, Libc.SocketStream, out var error);
        if (fd < 0)
        {
            return error;
        }

        _ = Libc.SetOption(fd, Libc.LevelSocket, Libc.OptionUrgentInline, 1);
        if (_hasPending)
        {
            // The handshake is acknowledged by what is sent next, and takes no segment of its own for it.
            _ = Libc.SetOption(fd, Libc.LevelTcp, Libc.TcpQuickAck, 0);
        }

        error = BindSource(fd, to.AddressFamily);
        if (error == 0)
        {
            error = Libc.Connect(fd, &address, address.Length) == 0 ? 0 : Libc.Errno;
        }

        if (error is not (0 or Libc.ErrorInProgress))
        {
            _ = Libc.Close(fd);
            return error;
        }

        Upstream = NewEnd(fd, isClient: false);
        error = Upstream.WatchConnecting();
        if (error != 0)
        {
            Upstream.Close(reset: false);
        }

        return error;
    }

    private static FailureReason ToFailure(int error) => error switch
    {
        Libc.ErrorConnectionRefused => FailureReason.ConnectRefused,
        Libc.ErrorTimedOut => FailureReason.ConnectTimeout,
        _ => FailureReason.ConnectError,
    };
}
