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
            try
            {
                return await ConnectAsync(destination);
            }
            catch (Exception e) when (IsEnding && IsOfConnecting(e))
            {
                // Closed from outside while connecting: nobody's failure.
                return null;
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
        }

        return null;
    }

    /// <summary>Connects to one address of the destination after the other until one answers, all of it within the time to
    /// connect.</summary>
    private async Task<Socket> ConnectAsync(Destination destination)
    {
        var since = Time.GetTimestamp();
        using var late = new CancellationTokenSource(VirtualServer.Options.ConnectTimeout, Time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _closing.Token);
        var addresses = await AddressesOf(destination, deadline.Token);
        Socket? socket = null;
        for (var i = 0; socket is null; i++)
        {
            try
            {
                socket = await ConnectAsync(addresses[i], since, addresses.Length - i, deadline.Token);
            }
            catch (Exception e) when (i + 1 < addresses.Length && !deadline.IsCancellationRequested && IsOfAddress(e))
            {
                // The next address has a chance of its own.
            }
        }

        await SecureAsync(socket, destination, deadline.Token);
        return socket;
    }

    /// <summary>The addresses to try, at least one.</summary>
    private async Task<IPAddress[]> AddressesOf(Destination destination, CancellationToken deadline)
    {
        if (destination.EndPoint is IPEndPoint endPoint)
        {
            return [endPoint.Address];
        }

        var found = await Names.ResolveAsync(((DnsEndPoint)destination.EndPoint).Host).WaitAsync(deadline);
        return found.Length switch
        {
            0 => throw new SocketException((int)SocketError.HostNotFound),
            > MostAddresses => found[..MostAddresses],
            _ => found,
        };
    }

    /// <summary>Connects to one address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="since">When connecting to the destination began.</param>
    /// <param name="addresses">How many addresses have not been tried.</param>
    /// <param name="deadline">Ends what there is of descriptors to wait for; the address has a part of it.</param>
    private async ValueTask<Socket> ConnectAsync(IPAddress address, long since, int addresses, CancellationToken deadline)
    {
        var socket = await OpenAsync(address.AddressFamily, deadline);
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

        if (SourceFor(address.AddressFamily) is { } source)
        {
            socket.Bind(new IPEndPoint(source, 0));
        }

        using var late = new CancellationTokenSource(PatienceFor(Time.GetElapsedTime(since), addresses), Time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(late.Token, deadline);
        await socket.ConnectAsync(new IPEndPoint(address, DestinationPort), patience.Token);
        return socket;
    }

    /// <summary>Opens a socket; without descriptors or memory the client waits for them until the deadline.</summary>
    private async Task<Socket> OpenAsync(AddressFamily family, CancellationToken deadline)
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

    /// <summary>Whether connecting may end so.</summary>
    private static bool IsOfConnecting(Exception e) => e is SocketException or OperationCanceledException or ObjectDisposedException;

    /// <summary>Whether another address may fare better: not if there is nothing left to connect with.</summary>
    private static bool IsOfAddress(Exception e) => e is OperationCanceledException
        || (e is SocketException { SocketErrorCode: var error } && !RelaySocket.IsOutOfResources(error));
}
