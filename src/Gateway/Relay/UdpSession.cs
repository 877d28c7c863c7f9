using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.EventLoop;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>
/// One client of a UDP virtual server and the destination it was given, until nothing is heard for a while. Used on its
/// loop's thread, but for what <see cref="RelayConnection"/> allows.
/// </summary>
/// <remarks>
/// Addresses of UDP clients can be forged, and the answer then hits somebody who never asked. Until the client has sent
/// another datagram after an answer, which a forger cannot know to do, no more answers pass than
/// <see cref="VirtualServerOptions.UnconfirmedReplies"/> for each of its datagrams.
/// </remarks>
internal sealed class UdpSession(
    UdpEntrance entrance,
    NativeAddress client,
    NativeAddress local,
    VirtualServer virtualServer,
    ConnectionTable table,
    in Flow flow) : RelayConnection(virtualServer, table, flow)
{
    private UdpUpstream? _upstream;

    // The first datagram, while the destination's name is looked up.
    private byte[]? _held;
    private long _requests;
    private long _answers;
    private bool _confirmed;
    private bool _released;

    public NativeAddress ClientAddress { get; } = client;

    /// <summary>The address the client sent to, when the listener does not say it.</summary>
    public NativeAddress LocalAddress { get; } = local;

    protected override TimeSpan SilenceLimit => VirtualServer.Options.SessionTimeout;

    private Loop Loop => entrance.Loop;

    /// <summary>Connects to a destination, which in UDP nobody notices.</summary>
    public void Start()
    {
        if (TryOpen())
        {
            ConnectToNextDestination();
        }
        else
        {
            Finish();
        }
    }

    /// <summary>Passes a datagram of the client on.</summary>
    public unsafe void Send(DatagramBatch batch, int index) => Send(batch.Bytes(index), batch.Length(index));

    /// <summary>Passes on what the destination has answered.</summary>
    public void OnAnswer()
    {
        var batch = Loop.Datagrams;
        var received = batch.Receive(_upstream!.Fd);
        if (received < 0)
        {
            var error = Libc.Errno;
            if (IsUnreachable(error))
            {
                OnUnreachable(error);
            }

            return;
        }

        var allowed = (int)Math.Min(received, Remaining());
        var sent = allowed > 0 ? entrance.Answer(this, allowed) : 0;
        for (var i = 0; i < sent; i++)
        {
            _answers++;
            CountReceived(batch.Length(i), Loop.Now);
        }

        var options = VirtualServer.Options;
        var expected = options.OnePacket ? Math.Max(1, options.Replies) : options.Replies;
        if (expected > 0 && _answers >= expected * _requests)
        {
            Close(ConnectionEnd.Done);
        }
    }

    /// <summary>Something went wrong that should not have.</summary>
    public void OnFault()
    {
        Close(ConnectionEnd.Failed);
        Finish();
    }

    protected override void Abort()
    {
        if (Loop.IsCurrentThread)
        {
            Finish();
        }
        else
        {
            Loop.Post(Finish);
        }
    }

    private long Remaining() => _confirmed || VirtualServer.Options.UnconfirmedReplies == 0
        ? long.MaxValue
        : (VirtualServer.Options.UnconfirmedReplies * _requests) - _answers;

    private unsafe void Send(byte* bytes, int length)
    {
        // A second time only when an earlier datagram turns out to have been refused, and another destination is tried.
        for (var tries = 0; tries < 2 && !_released; tries++)
        {
            if (_upstream is null)
            {
                _held ??= new ReadOnlySpan<byte>(bytes, length).ToArray();
                return;
            }

            var sent = Libc.Send(_upstream.Fd, bytes, length, Libc.MessageNoSignal);
            if (sent >= 0)
            {
                _requests++;
                _confirmed |= _answers > 0;
                CountSent(length, Loop.Now);
                return;
            }

            var error = Libc.Errno;
            if (!IsUnreachable(error))
            {
                // Too long for the way, or the way is full: UDP loses datagrams, and says nothing.
                return;
            }

            OnUnreachable(error);
        }
    }

    /// <summary>The destination's machine said, by ICMP, that nobody takes the datagrams: the session moves on.</summary>
    private void OnUnreachable(int error)
    {
        CloseUpstream();
        ConnectFailed(error == Libc.ErrorConnectionRefused ? FailureReason.ConnectRefused : FailureReason.ConnectError);
        ConnectToNextDestination();
    }

    private void ConnectToNextDestination()
    {
        while (NextDestination() is { } destination)
        {
            if (destination.EndPoint is not IPEndPoint endPoint)
            {
                _ = ResolveAsync((DnsEndPoint)destination.EndPoint, destination);
                return;
            }

            if (TryConnect(new NativeAddress(endPoint.Address, endPoint.Port)))
            {
                return;
            }

            ConnectFailed(FailureReason.ConnectError);
        }

        Finish();
    }

    private async Task ResolveAsync(DnsEndPoint endPoint, Destination destination)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(endPoint.Host);
        }
        catch (SocketException)
        {
            // An unknown name is a destination without addresses.
            addresses = [];
        }

        Loop.Post(() =>
        {
            if (!_released && Destination == destination)
            {
                OnResolved(addresses, endPoint.Port);
            }
        }, OnFault);
    }

    private unsafe void OnResolved(IPAddress[] addresses, int port)
    {
        if (!addresses.Any(address => TryConnect(new NativeAddress(address, port))))
        {
            ConnectFailed(FailureReason.ConnectError);
            ConnectToNextDestination();
        }

        if (_held is { } held && _upstream is not null)
        {
            _held = null;
            fixed (byte* bytes = held)
            {
                Send(bytes, held.Length);
            }
        }
    }

    private unsafe bool TryConnect(NativeAddress address)
    {
        var fd = Libc.Socket(
            address.Family, Libc.SocketDatagram | Libc.SocketNonBlocking | Libc.SocketCloseOnExec, protocol: 0);
        if (fd < 0)
        {
            return false;
        }

        if (Libc.Connect(fd, &address, address.Length) != 0)
        {
            _ = Libc.Close(fd);
            return false;
        }

        _upstream = new UdpUpstream(Loop, fd, this);
        if (Loop.Add(_upstream, Libc.EpollIn) != 0)
        {
            CloseUpstream();
            return false;
        }

        Connected();
        return true;
    }

    private void CloseUpstream()
    {
        _upstream?.Close();
        _upstream = null;
    }

    private void Finish()
    {
        if (!_released)
        {
            _released = true;
            CloseUpstream();
            entrance.Forget(this);
            Release();
        }
    }

    private static bool IsUnreachable(int error) =>
        error is Libc.ErrorConnectionRefused or Libc.ErrorHostUnreachable or Libc.ErrorNetworkUnreachable;
}
