using System.Net;
using Gateway.Clusters;
using Gateway.EventLoop;

namespace Gateway.Relay;

/// <content>How a destination is connected to.</content>
internal sealed partial class UdpSession
{
    private void ConnectToNextDestination()
    {
        while (NextDestination() is { } destination)
        {
            if (destination.EndPoint is not IPEndPoint endPoint)
            {
                _ = ResolveAsync(((DnsEndPoint)destination.EndPoint).Host, destination);
                return;
            }

            var error = TryConnect(endPoint.Address);
            if (error == 0)
            {
                return;
            }

            NoteNotConnected(error);
        }

        Finish();
    }

    private void NoteNotConnected(int error)
    {
        if (Libc.IsOutOfResources(error))
        {
            Close(ConnectionEnd.Failed);
        }
        else if (RelaySocket.IsOutOfPorts(error))
        {
            ConnectNotPossible();
        }
        else
        {
            ConnectFailed(FailureReason.ConnectError);
        }
    }

    private async Task ResolveAsync(string host, Destination destination)
    {
        var addresses = await Names.ResolveAsync(host);
        Loop.Post(() =>
        {
            if (!_released && Destination == destination)
            {
                OnResolved(addresses);
            }
        }, OnFault);
    }

    private unsafe void OnResolved(IPAddress[] addresses)
    {
        var error = Libc.ErrorHostUnreachable;
        for (var i = 0; i < addresses.Length && error != 0; i++)
        {
            error = TryConnect(addresses[i]);
        }

        if (error != 0)
        {
            NoteNotConnected(error);
            MoveOn();
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

    /// <summary>Returns 0, or the error.</summary>
    private unsafe int TryConnect(IPAddress to)
    {
        var address = new NativeAddress(to, DestinationPort);
        var fd = Descriptors.OpenSocket(address.Family, Libc.SocketDatagram, out var error);
        if (fd < 0)
        {
            return error;
        }

        error = BindSource(fd, to.AddressFamily);
        if (error == 0)
        {
            error = Libc.Connect(fd, &address, address.Length) == 0 ? 0 : Libc.Errno;
        }

        if (error != 0)
        {
            _ = Libc.Close(fd);
            return error;
        }

        _upstream = new UdpUpstream(Loop, fd, this);
        error = Loop.Add(_upstream, Libc.EpollIn);
        if (error != 0)
        {
            CloseUpstream();
            return error;
        }

        _lastAnswer = Loop.Now;
        _checked = null;
        Connected();
        return 0;
    }
}
