using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <content>The accounts kept with the destination, the virtual server and the log.</content>
internal abstract partial class RelayConnection
{
    /// <summary>Gives the reservation back: the destination could not be reached and is not tried again.</summary>
    protected void ConnectFailed(FailureReason reason)
    {
        _lastFailure = reason;
        Destination!.State.CountFailure(reason);
        GiveUp(Destination);
    }

    /// <summary>The same when the destination was never asked, for want of a local port towards it: nobody's failure, but
    /// there may be one towards another destination.</summary>
    protected void ConnectNotPossible() => GiveUp(Destination!);

    protected void Connected()
    {
        var now = Time.GetTimestamp();
        Volatile.Write(ref _lastActivity, now);
        Volatile.Write(ref _connected, now);
        _exclusions = null;
        _tries = 0;
    }

    /// <summary>Bytes went to the destination; called by one thread at a time.</summary>
    protected void CountSent(long bytes, long now)
    {
        Volatile.Write(ref _bytesSent, _bytesSent + bytes);
        Volatile.Write(ref _lastActivity, now);
        Destination!.State.CountSent(bytes);
        VirtualServer.CountReceived(bytes);
    }

    /// <summary>Bytes went to the client; called by one thread at a time.</summary>
    protected void CountReceived(long bytes, long now)
    {
        if (_firstAnswer == 0)
        {
            _firstAnswer = now;
            Destination!.State.CountSuccess();
        }

        Volatile.Write(ref _bytesReceived, _bytesReceived + bytes);
        Volatile.Write(ref _lastActivity, now);
        Destination!.State.CountReceived(bytes);
        VirtualServer.CountSent(bytes);
    }

    /// <summary>One side closed its half. The first call makes the flow inactive, as the first FIN does in IPVS.</summary>
    protected void CountHalfClosed(ConnectionEnd firstToClose)
    {
        var asked = Volatile.Read(ref _asked);
        var first = firstToClose == ConnectionEnd.Client && asked != NotEnded ? (ConnectionEnd)asked : firstToClose;
        if (Interlocked.CompareExchange(ref _halfClosed, (int)first + 1, 0) == 0)
        {
            Volatile.Write(ref _lastActivity, Time.GetTimestamp());
            _inactive = true;
            Destination!.State.Deactivate();
        }
    }

    /// <summary>Both sides are closed: ends the reservation and tells everybody. The object is not used again.</summary>
    protected void Release()
    {
        TrySetEnd(IsHalfClosed ? (ConnectionEnd)(Volatile.Read(ref _halfClosed) - 1) : ConnectionEnd.Failed);
        var end = (ConnectionEnd)Volatile.Read(ref _end);
        try
        {
            if (_reserved)
            {
                EndReservation(Destination!.State, end);
            }
        }
        finally
        {
            if (_admittedClient is not null)
            {
                VirtualServer.Clients.Remove(_admittedClient);
            }

            VirtualServer.CountEnd(end);
            _table.Remove(this, ToRecord(end));
        }
    }

    /// <summary>Gives the reservation back because the destination is no longer to be used; it did not fail here, and
    /// <see cref="NextDestination"/> begins anew.</summary>
    protected void LeaveDestination()
    {
        Unreserve(Destination!.State);
        Destination = null;
        _lastTried = null;
        _lastFailure = null;
        _tries = 0;
    }

    private void GiveUp(Destination destination)
    {
        Unreserve(destination.State);
        (_exclusions ??= new Exclusions()).Add(destination);
    }

    private void EndReservation(DestinationState destination, ConnectionEnd end)
    {
        if (end == ConnectionEnd.ClientReset)
        {
            destination.CountFailure(FailureReason.ClientAborted);
        }
        else if (end == ConnectionEnd.DestinationReset)
        {
            destination.CountFailure(FailureReason.ResponseBroken);
        }

        Unreserve(destination);
    }

    private void Unreserve(DestinationState destination)
    {
        if (_inactive)
        {
            destination.UnbindInactive();
        }
        else
        {
            destination.Unbind();
        }

        _reserved = false;
        VirtualServer.Queues.Freed(destination.ClusterId);
    }

    private ConnectionRecord ToRecord(ConnectionEnd end)
    {
        var total = Age;
        return new ConnectionRecord(
            Id,
            VirtualServer.Id,
            ClusterId,
            _flow.IsDatagrams,
            Client,
            _lastTried,
            Time.GetUtcNow() - total,
            _queued,
            IsConnected ? Time.GetElapsedTime(_accepted, _connected) - _queued : TimeSpan.Zero,
            _firstAnswer != 0 ? Time.GetElapsedTime(_accepted, _firstAnswer) : TimeSpan.Zero,
            total,
            _bytesSent,
            _bytesReceived,
            _retries,
            end == ConnectionEnd.ConnectFailed ? _lastFailure : null,
            end);
    }
}
