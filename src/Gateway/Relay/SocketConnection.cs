using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>A relayed connection on .NET sockets: connects to a destination and runs two pumps.</summary>
internal sealed class SocketConnection(Socket client, VirtualServer virtualServer, ConnectionTable table, in Flow flow)
    : RelayConnection(virtualServer, table, flow)
{
    private readonly Lock _gate = new();
    private Socket? _upstream;
    private bool _aborted;

    /// <summary>Runs the connection to its end, and disposes the client's socket. Does not throw.</summary>
    public async Task RunAsync()
    {
        if (TryOpen() && await ConnectAsync() is { } upstream)
        {
            Connected();
            await Task.WhenAll(SendAsync(upstream), ReceiveAsync(upstream));
        }

        CloseSockets(reset: IsEnding);
        Release();
    }

    protected override void Abort() => CloseSockets(reset: true);

    private async Task<Socket?> ConnectAsync()
    {
        while (NextDestination() is { } destination)
        {
            using var deadline = new CancellationTokenSource(VirtualServer.Options.ConnectTimeout, Time);
            try
            {
                return await ConnectAsync(destination, deadline.Token);
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
        var socket = destination.EndPoint is IPEndPoint address
            ? new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        lock (_gate)
        {
            _upstream?.Dispose();
            _upstream = socket;
            ObjectDisposedException.ThrowIf(_aborted, this);
        }

        RelaySocket.Configure(socket, VirtualServer.Options);
        await socket.ConnectAsync(destination.EndPoint, deadline);
        return socket;
    }

    private async Task SendAsync(Socket upstream)
    {
        var end = await SocketPump.RunAsync(client, upstream, bytes => CountSent(bytes, Time.GetTimestamp()));
        Ended(end, upstream, ConnectionEnd.Client, ConnectionEnd.ClientReset, ConnectionEnd.DestinationReset);
    }

    private async Task ReceiveAsync(Socket upstream)
    {
        var end = await SocketPump.RunAsync(upstream, client, bytes => CountReceived(bytes, Time.GetTimestamp()));
        Ended(end, client, ConnectionEnd.Destination, ConnectionEnd.DestinationReset, ConnectionEnd.ClientReset);
    }

    private void Ended(
        PumpEnd end, Socket target, ConnectionEnd finished, ConnectionEnd sourceBroken, ConnectionEnd targetBroken)
    {
        if (end == PumpEnd.Finished)
        {
            // Noted before it is passed on, so that the answer to it cannot be taken for the first.
            CountHalfClosed(finished);
            end = TryShutdown(target) ? PumpEnd.Finished : PumpEnd.TargetBroken;
        }

        if (end != PumpEnd.Finished)
        {
            Close(end == PumpEnd.SourceBroken ? sourceBroken : targetBroken);
        }
    }

    private static bool TryShutdown(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    private void CloseSockets(bool reset)
    {
        lock (_gate)
        {
            _aborted = true;
            Close(client, reset);
            if (_upstream is not null)
            {
                Close(_upstream, reset);
            }
        }
    }

    private static void Close(Socket socket, bool reset)
    {
        if (reset)
        {
            // A zero timeout sends RST: the peer must not take the cut for a regular end.
            socket.Close(0);
        }
        else
        {
            socket.Dispose();
        }
    }
}
