using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.ProxyProtocol;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>A relayed connection on .NET sockets: connects to a destination and runs two pumps.</summary>
internal partial class SocketConnection(Socket client, VirtualServer virtualServer, ConnectionTable table, in Flow flow)
    : RelayConnection(virtualServer, table, flow)
{
    private static readonly TimeSpan _pauseWithoutResources = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();

    // Ends what is waited for beside the sockets.
    private readonly CancellationTokenSource _closing = NewSignal();

    // Ends the reading of the client.
    private readonly CancellationTokenSource _asking = NewSignal();

    private Socket? _upstream;
    private bool _aborted;
    private bool _oneHasFinished;
    private bool _endsInOrder;

    /// <summary>Runs the connection to its end, and disposes the client's socket. Does not throw.</summary>
    public async Task RunAsync()
    {
        try
        {
            if (TryOpen() && await TryReadOpeningAsync() && await TryAcceptAsync())
            {
                if (await ConnectAsync() is { } upstream)
                {
                    Connected();
                    await RelayAsync(upstream);
                    await PartAsync();
                }
                else if (Sorry is { } body)
                {
                    await RefuseAsync(body);
                }
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }

        CloseSockets(reset: IsEnding && !_endsInOrder);
        OnClosed();
        Release();
    }

    /// <summary>Fires when the connection is asked to end in order.</summary>
    protected CancellationToken Asked => _asking.Token;

    protected override void StopReadingClient() => _ = _asking.CancelAsync();

    /// <summary>Agrees with the client on how to speak; false, with the end set, when that failed.</summary>
    protected virtual Task<bool> TryAcceptAsync() => Task.FromResult(true);

    /// <summary>Agrees with a destination that was just connected to; throws as connecting does.</summary>
    protected virtual Task SecureAsync(Socket upstream, Destination destination, CancellationToken deadline) => Task.CompletedTask;

    /// <summary>Moves the bytes until both sides have ended or one is broken.</summary>
    protected virtual async Task RelayAsync(Socket upstream)
    {
        await SendAheadAsync(upstream);
        await Task.WhenAll(SendAsync(upstream), ReceiveAsync(upstream));
    }

    /// <summary>Both sockets are closed: time to let go of what stood on them.</summary>
    protected virtual void OnClosed()
    {
        // Sockets are all there is.
    }

    /// <summary>What was read of the client and not used: what came behind the part of its opening that was taken off, and
    /// what was read while it waited.</summary>
    protected Ahead Ahead { get; } = new();

    /// <summary>Sends the header that destinations get, if they get one; throws what the socket throws.</summary>
    protected async Task SendHeaderAsync(Socket upstream)
    {
        if (VirtualServer.Options.ProxyProtocol.Send != 0)
        {
            var buffer = new byte[ProxyHeaderWriter.MaxLength];
            await SocketPump.SendAllAsync(upstream, buffer.AsMemory(0, WriteProxyHeader(buffer)));
        }
    }

    protected override void Abort()
    {
        CloseSockets(reset: true);
        _ = _closing.CancelAsync();
    }

    /// <summary>Reads the client as far as it takes to lead it; false when it must not be led anywhere.</summary>
    private async Task<bool> TryReadOpeningAsync()
    {
        if (NewOpening() is not { } opening)
        {
            return true;
        }

        using var deadline = new CancellationTokenSource(VirtualServer.Options.HandshakeTimeout, Time);
        var result = OpeningResult.Incomplete;
        var reader = new OpeningReader(client, opening);
        try
        {
            result = await reader.ReadAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            result = opening.TimeOut();
        }
        catch (SocketException)
        {
            TrySetEnd(ConnectionEnd.ClientReset);
            return false;
        }
        catch (ObjectDisposedException)
        {
            // Closed from outside meanwhile.
            return false;
        }

        Ahead.Add(reader.Rest);
        if (reader.IsEmptyEnd)
        {
            // It came and went, as probes of a proxy in front do.
            _endsInOrder = true;
            TrySetEnd(ConnectionEnd.Client);
            return false;
        }

        if (result == OpeningResult.Refused)
        {
            TrySetEnd(opening.Fault);
            return false;
        }

        return TryLead(opening);
    }

    /// <summary>Sends the destination what comes before the bytes that are still to be read of the client.</summary>
    private async Task SendAheadAsync(Socket upstream)
    {
        var ahead = Ahead.Take(int.MaxValue);
        try
        {
            await SendHeaderAsync(upstream);
            await SocketPump.SendAllAsync(upstream, ahead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Close(ConnectionEnd.DestinationReset);
            return;
        }

        if (ahead.Length > 0)
        {
            CountSent(ahead.Length, Time.GetTimestamp());
        }
    }

    private async Task SendAsync(Socket upstream)
    {
        var end = await SocketPump.RunAsync(
            new SocketReader(client, Asked), upstream, bytes => CountSent(bytes, Time.GetTimestamp()));
        if (end == PumpEnd.Finished)
        {
            end = PassOn(client, upstream, ConnectionEnd.Client);
        }

        CloseIfBroken(end, ConnectionEnd.ClientReset, ConnectionEnd.DestinationReset);
    }

    private async Task ReceiveAsync(Socket upstream)
    {
        var end = await SocketPump.RunAsync(
            new SocketReader(upstream), client, bytes => CountReceived(bytes, Time.GetTimestamp()));
        if (end == PumpEnd.Finished)
        {
            end = PassOn(upstream, client, ConnectionEnd.Destination);
        }

        CloseIfBroken(end, ConnectionEnd.DestinationReset, ConnectionEnd.ClientReset);
    }

    /// <summary>Notes that reading a source has come to its end; false when the source did not end but was reset.</summary>
    /// <param name="source">The socket; null when its end is known to be orderly, as that of TLS is, or was asked for.</param>
    /// <param name="finished">Whose end it is.</param>
    /// <remarks>
    /// A reset is told once only. If the other direction, which writes to this source, is told first, reading sees what
    /// looks like an orderly end. A socket that was reset is no longer connected, which ending its reading half reveals.
    /// Once the other direction has ended nobody writes any more, and an orderly closed socket looks the same.
    /// </remarks>
    protected bool TryNoteEnd(Socket? source, ConnectionEnd finished)
    {
        lock (_gate)
        {
            // A closed socket's descriptor may already be another's.
            if (_aborted || (!_oneHasFinished && source is not null && !RelaySocket.TryEndReading(source)))
            {
                return false;
            }

            // Noted before it is passed on, so that the answer to it cannot be taken for the first.
            _oneHasFinished = true;
            CountHalfClosed(finished);
            return true;
        }
    }

    /// <summary>Whether an end is one that the connection was asked to make.</summary>
    protected bool IsAskedFor(ConnectionEnd finished) => finished == ConnectionEnd.Client && IsAskedToEnd;

    /// <summary>Closes the target's half after the source has closed its own.</summary>
    private PumpEnd PassOn(Socket source, Socket target, ConnectionEnd finished) =>
        !TryNoteEnd(IsAskedFor(finished) ? null : source, finished) ? PumpEnd.SourceBroken
        : TryShutdown(target, SocketShutdown.Send) ? PumpEnd.Finished
        : PumpEnd.TargetBroken;

    private void CloseIfBroken(PumpEnd end, ConnectionEnd sourceBroken, ConnectionEnd targetBroken)
    {
        if (end != PumpEnd.Finished)
        {
            Close(end == PumpEnd.SourceBroken ? sourceBroken : targetBroken);
        }
    }

    private static bool TryShutdown(Socket socket, SocketShutdown how)
    {
        try
        {
            socket.Shutdown(how);
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

    /// <summary>What can be told from any thread at any time. It has no timer, and is nobody's to dispose: who tells a connection
    /// something does not know how far that has come.</summary>
    private static CancellationTokenSource NewSignal() => new();

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
