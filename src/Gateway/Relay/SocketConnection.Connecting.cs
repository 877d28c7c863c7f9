using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.EventLoop;

namespace Gateway.Relay;

/// <content>How a destination is connected to.</content>
internal partial class SocketConnection
{
    private async Task<Socket?> ConnectAsync()
    {
        var next = NextDestination();
        if (HasToWait)
        {
            next = Take(await WaitAsync());
        }

        for (; next is { } destination; next = NextDestination())
        {
            using var deadline = new CancellationTokenSource(VirtualServer.Options.ConnectTimeout, Time);
            try
            {
                return await ConnectAsync(destination, deadline.Token);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
            {
                ConnectNotPossible();
            }
            catch (SocketException e) when (RelaySocket.IsOutOfResources(e.SocketErrorCode))
            {
                Close(ConnectionEnd.Failed);
            }
            catch (SocketException e)
            {
                ConnectFailed(RelaySocket.ToFailure(e.SocketErrorCode));
            }
            catch (OperationCanceledException)
            {
                ConnectFailed(FailureReason.ConnectTimeout);
            }
            catch (ObjectDisposedException)
            {
                // Closed from outside while connecting: nobody's failure.
                return null;
            }
        }

        return null;
    }

    private async ValueTask<Socket> ConnectAsync(Destination destination, CancellationToken deadline)
    {
        // Without an address family the socket takes both, and all addresses of a name are tried.
        var socket = await OpenAsync((destination.EndPoint as IPEndPoint)?.AddressFamily, deadline);
        lock (_gate)
        {
            _upstream?.Dispose();
            _upstream = socket;
            ObjectDisposedException.ThrowIf(_aborted, this);
        }

        RelaySocket.Configure(socket);
        RelaySocket.KeepAlive(socket, VirtualServer.Options);
        if (OperatingSystem.IsLinux())
        {
            RelaySocket.SetUserTimeout((int)client.Handle, VirtualServer.Options);
            RelaySocket.SetUserTimeout((int)socket.Handle, VirtualServer.Options);
        }

        BindSource(socket, destination);
        await socket.ConnectAsync(WithPort(destination.EndPoint), deadline);
        await SecureAsync(socket, destination, deadline);
        return socket;
    }

    private void BindSource(Socket socket, Destination destination)
    {
        if (destination.EndPoint is IPEndPoint to && SourceFor(to.AddressFamily) is { } source)
        {
            socket.Bind(new IPEndPoint(source, 0));
        }
    }

    private EndPoint WithPort(EndPoint to) => to is IPEndPoint address
        ? new IPEndPoint(address.Address, DestinationPort)
        : new DnsEndPoint(((DnsEndPoint)to).Host, DestinationPort);

    /// <summary>Opens a socket; without descriptors or memory the client waits for them until the deadline.</summary>
    private async Task<Socket> OpenAsync(AddressFamily? family, CancellationToken deadline)
    {
        while (true)
        {
            try
            {
                return Descriptors.OpenStream(family);
            }
            catch (SocketException e) when (
                RelaySocket.IsOutOfResources(e.SocketErrorCode) && !deadline.IsCancellationRequested)
            {
                await Task.Delay(_pauseWithoutResources, Time, deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
