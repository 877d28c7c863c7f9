namespace Gateway.Relay.Tls;

/// <summary>What <see cref="TlsDirections"/> needs of the connection it moves the bytes of. May be called from any thread,
/// counting by one thread at a time for each direction.</summary>
internal interface ITlsRelayed
{
    /// <summary>Whether somebody asked the connection to end in order (<see cref="RelayConnection.EndInOrder"/>).</summary>
    bool IsAskedToEnd { get; }

    /// <summary>Bytes went to the destination.</summary>
    void CountSent(int bytes);

    /// <summary>Bytes went to the client.</summary>
    void CountReceived(int bytes);

    /// <summary>One side has come to its end; false when it turns out to have been reset.</summary>
    bool TryNoteEnd(ConnectionEnd finished);

    /// <summary>Resets both sides.</summary>
    void Close(ConnectionEnd end);
}

/// <summary>Both directions of a relayed connection of which at least one side speaks TLS, over either engine.</summary>
internal sealed class TlsDirections(TlsSide near, TlsSide far, ITlsRelayed connection)
{
    /// <summary>Moves bytes until both directions have ended, in order or because one broke and the connection was
    /// closed.</summary>
    public Task RunAsync() => Task.WhenAll(SendAsync(), ReceiveAsync());

    private async Task SendAsync()
    {
        var end = await TlsPump.RunAsync(near, far, connection.CountSent);

        // Who asks a connection to end has the client's stream cut wherever it is, in the midst of a record too: that is the
        // end asked for. What is left of the record can be read by nobody.
        if (near.IsCut && end != PumpEnd.TargetBroken)
        {
            end = connection.IsAskedToEnd ? PumpEnd.Finished : PumpEnd.SourceBroken;
        }

        await PassOnAsync(end, far, ConnectionEnd.Client, ConnectionEnd.ClientReset, ConnectionEnd.DestinationReset);
    }

    private async Task ReceiveAsync()
    {
        var end = await TlsPump.RunAsync(far, near, connection.CountReceived);
        if (far.IsCut && end != PumpEnd.TargetBroken)
        {
            end = PumpEnd.SourceBroken;
        }

        await PassOnAsync(end, near, ConnectionEnd.Destination, ConnectionEnd.DestinationReset, ConnectionEnd.ClientReset);
    }

    private async Task PassOnAsync(
        PumpEnd end, TlsSide target, ConnectionEnd finished, ConnectionEnd sourceBroken, ConnectionEnd targetBroken)
    {
        if (end == PumpEnd.Finished)
        {
            end = !connection.TryNoteEnd(finished) ? PumpEnd.SourceBroken
                : await target.TryFinishAsync() ? PumpEnd.Finished
                : PumpEnd.TargetBroken;
        }

        if (end != PumpEnd.Finished)
        {
            connection.Close(end == PumpEnd.SourceBroken ? sourceBroken : targetBroken);
        }
    }
}
