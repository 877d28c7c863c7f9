using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.ProxyProtocol;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>
/// One relayed connection as the rest of Gateway sees it: who, where to, how much, how long; and the accounts that
/// every engine must keep with the destination. Engines derive from it and move the bytes.
/// </summary>
/// <remarks>
/// Life: <see cref="TryOpen"/>; if <see cref="NewOpening"/> says that the client is to be read first,
/// <see cref="TryLead"/> with what was read; then <see cref="NextDestination"/> and <see cref="ConnectFailed"/> until a destination
/// answers, <see cref="Connected"/>, any number of <see cref="CountSent"/> and <see cref="CountReceived"/>,
/// <see cref="CountHalfClosed"/> at the first FIN, and <see cref="Release"/> exactly once, when both sockets are closed.
/// </remarks>
internal abstract class RelayConnection(VirtualServer virtualServer, ConnectionTable table, in Flow flow)
{
    private const int NotEnded = -1;

    private readonly ConnectionTable _table = table;
    private Flow _flow = flow;
    private readonly long _accepted = table.Time.GetTimestamp();
    private IPEndPoint? _announcedClient;
    private ReadOnlyMemory<byte> _extensions;
    private string? _clusterId;
    private Exclusions? _exclusions;
    private long _connected;
    private long _lastActivity = table.Time.GetTimestamp();
    private long _bytesSent;
    private long _bytesReceived;
    private int _retries;
    private int _tries;
    private Destination? _lastTried;
    private FailureReason? _lastFailure;
    private long _firstAnswer;
    private bool _reserved;
    private bool _inactive;
    private int _halfClosed;
    private int _asked = NotEnded;
    private bool _isLasting;
    private IPAddress? _admittedClient;
    private int _end = NotEnded;

    public long Id { get; } = table.NextId();

    public VirtualServer VirtualServer { get; } = virtualServer;

    /// <summary>Whether it is a UDP session.</summary>
    public bool IsUdp => _flow.IsDatagrams;

    /// <summary>The cluster of the destination; while there is none, the one it is meant for.</summary>
    public string ClusterId => Destination?.ClusterId ?? _clusterId ?? VirtualServer.Options.ClusterId;

    /// <summary>The client's address and port; behind a trusted proxy, those that the proxy says.</summary>
    public IPEndPoint Client => Volatile.Read(ref _announcedClient) ?? new IPEndPoint(_flow.Client!, _flow.ClientPort);

    /// <summary>The port the client came to.</summary>
    public int LocalPort => _flow.LocalPort;

    /// <summary>The destination that serves, or is being connected to.</summary>
    public Destination? Destination { get; private set; }

    /// <summary>When it was accepted.</summary>
    public DateTimeOffset Started => _table.Time.GetUtcNow() - Age;

    /// <summary>Whether a destination has answered.</summary>
    public bool IsConnected => Volatile.Read(ref _connected) != 0;

    /// <summary>Whether one side has closed its half, and the other may still send.</summary>
    public bool IsHalfClosed => Volatile.Read(ref _halfClosed) != 0;

    /// <summary>Bytes moved from the client to the destination.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>Bytes moved from the destination to the client.</summary>
    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    public TimeSpan Age => _table.Time.GetElapsedTime(_accepted);

    /// <summary>Time since a byte moved.</summary>
    public TimeSpan Idle => _table.Time.GetElapsedTime(Volatile.Read(ref _lastActivity));

    /// <summary>How long no byte may move; zero is for ever.</summary>
    protected virtual TimeSpan SilenceLimit =>
        IsHalfClosed ? VirtualServer.Options.HalfClosedTimeout : VirtualServer.Options.IdleTimeout;

    protected TimeProvider Time => _table.Time;

    protected NameCache Names => _table.Names;

    /// <summary>The port of the destination being tried.</summary>
    protected int DestinationPort => VirtualServer.Options.SamePort ? _flow.LocalPort : Destination!.Options.Address.Port;

    /// <summary>The address that a destination of this family is connected to from; null is the system's choice.</summary>
    protected IPAddress? SourceFor(AddressFamily family) => VirtualServer.Options.Transparent
        ? _flow.Client!
        : VirtualServer.NextSource(family);

    /// <summary>Whether somebody decided that the connection ends; its sockets may still be open for a moment.</summary>
    protected bool IsEnding => Volatile.Read(ref _end) != NotEnded;

    /// <summary>
    /// Ends the connection as if the client had closed its half: the destination gets everything the client has sent so
    /// far and then an orderly end, and the client gets the whole answer and then the destination's own end. May be called
    /// from any thread, and more than once. A destination that does not close is given the half-closed timeout.
    /// </summary>
    /// <remarks>What has no order to end in, a connection that is not connected yet or a UDP session, is closed.</remarks>
    public void EndInOrder(ConnectionEnd end)
    {
        if (!IsConnected || IsUdp)
        {
            Close(end);
        }
        else if (Interlocked.CompareExchange(ref _asked, (int)end, NotEnded) == NotEnded)
        {
            StopReadingClient();
        }
    }

    /// <summary>Ends the connection by resetting both sides; may be called from any thread, and more than once.</summary>
    public void Close(ConnectionEnd end)
    {
        if (TrySetEnd(end))
        {
            Abort();
        }
    }

    /// <summary>Closes the connection if it was silent for too long; called by one thread about once a second. While it connects, the connect timeout rules.</summary>
    public void CloseIfOverdue(long now)
    {
        if (!IsConnected)
        {
            return;
        }

        if (!_isLasting)
        {
            _isLasting = true;
            OnLasting();
        }

        var limit = SilenceLimit;
        if (limit > TimeSpan.Zero && Time.GetElapsedTime(Volatile.Read(ref _lastActivity), now) >= limit)
        {
            Close(IsHalfClosed ? ConnectionEnd.HalfClosed : ConnectionEnd.Idle);
        }
    }

    /// <summary>The connection has outlived the shortest: time for what only the others need. Called once, from any thread,
    /// on a connection that may have ended meanwhile.</summary>
    protected virtual void OnLasting()
    {
        // Nothing is put off where it costs little.
    }

    /// <summary>Lets the reading of the client come to its end once what it has sent is read. Called once, from any thread,
    /// on a connected connection that may have ended meanwhile.</summary>
    protected virtual void StopReadingClient()
    {
        // Only a stream has an end.
    }

    /// <summary>Resets both sockets. Called once, from any thread, after the end has been decided.</summary>
    protected abstract void Abort();

    /// <summary>Enters the connection into the books; false when it must be refused, and is then to be released.</summary>
    protected bool TryOpen()
    {
        _table.Add(this);
        if (VirtualServer.TryAdmit())
        {
            return true;
        }

        TrySetEnd(ConnectionEnd.Limit);
        return false;
    }

    /// <summary>What is to be read of the client before it is led anywhere; null, as mostly, when nothing is.</summary>
    protected Opening? NewOpening()
    {
        var options = VirtualServer.Options;
        var needsHello = VirtualServer.Choice.NeedsHello;
        var expectsHeader = options.ProxyProtocol.From.Count > 0 && IsProxy(options.ProxyProtocol.From, _flow.Client!);
        return expectsHeader || needsHello ? new Opening(expectsHeader, needsHello) : null;
    }

    /// <summary>Takes over what was read of the client; false when it must be refused, and the end is then set.</summary>
    protected bool TryLead(Opening opening)
    {
        if (opening.Header is { Source: { } source, Destination: { } reached })
        {
            _flow = _flow with
            {
                Client = source.Address,
                ClientPort = source.Port,
                Local = reached.Address,
                LocalPort = reached.Port,
            };
            Volatile.Write(ref _announcedClient, source);
        }

        _extensions = opening.Header.Extensions;
        if (VirtualServer.Choice.Find(opening.Hello) is not { } clusterId)
        {
            TrySetEnd(ConnectionEnd.Handshake);
            return false;
        }

        _clusterId = clusterId;
        if (opening.Hello?.ServerName is { } name && VirtualServer.Scheduler(clusterId)?.KeySource == HashInput.ServerName)
        {
            _flow = _flow with { Key = FlowKey.OfText(name) };
        }

        return true;
    }

    /// <summary>Writes the header that the destination is to get; returns its length, 0 when it gets none.</summary>
    /// <param name="target">Room for <see cref="ProxyHeaderWriter.MaxLength"/>.</param>
    protected int WriteProxyHeader(Span<byte> target) => VirtualServer.Options.ProxyProtocol.Send is not 0 and var version
        ? ProxyHeaderWriter.Write(
            target,
            version,
            new IPEndPoint(_flow.Client!, _flow.ClientPort),
            new IPEndPoint(_flow.Local ?? IPAddress.Any, _flow.LocalPort),
            _extensions.Span)
        : 0;

    /// <summary>
    /// Reserves the next destination to try, or returns null when none is left or as many were tried as the cluster's
    /// <see cref="RetryOptions.Tries"/> allow, and the end is then set.
    /// </summary>
    protected Destination? NextDestination()
    {
        if (IsEnding || !TryAdmitClient())
        {
            return null;
        }

        var failed = _lastTried;
        var scheduler = VirtualServer.Scheduler(_clusterId ?? VirtualServer.Options.ClusterId);
        Destination = _tries++ < scheduler?.Cluster.Options.Retry.Tries ? scheduler.Bind(_flow, _exclusions) : null;
        _reserved = Destination is not null;
        _inactive = _flow.IsDatagrams;
        if (Destination is null)
        {
            TrySetEnd(failed is null ? ConnectionEnd.NoDestination
                : _lastFailure is null ? ConnectionEnd.Failed
                : ConnectionEnd.ConnectFailed);
        }
        else if (failed is not null)
        {
            failed.State.CountRetry();
            _retries++;
        }

        _lastTried = Destination ?? _lastTried;
        return Destination;
    }

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

    /// <summary>Logs an error that should not have happened and ends the connection.</summary>
    protected void Fail(Exception exception)
    {
        _table.Report(exception, Id);
        Close(ConnectionEnd.Failed);
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

    private bool TryAdmitClient()
    {
        if (_admittedClient is not null || VirtualServer.Options.MaxConnectionsPerClient is not (> 0 and var most))
        {
            return true;
        }

        if (!VirtualServer.Clients.TryAdd(_flow.Client!, most))
        {
            TrySetEnd(ConnectionEnd.Limit);
            return false;
        }

        _admittedClient = _flow.Client;
        return true;
    }

    private static bool IsProxy(IReadOnlyList<IPNetwork> networks, IPAddress client)
    {
        foreach (var network in networks)
        {
            if (network.Contains(client))
            {
                return true;
            }
        }

        return false;
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
    }

    /// <summary>Decides why the connection ends, once; the engine is to close it.</summary>
    protected bool TrySetEnd(ConnectionEnd end) =>
        Interlocked.CompareExchange(ref _end, (int)end, NotEnded) == NotEnded;

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
            IsConnected ? Time.GetElapsedTime(_accepted, _connected) : TimeSpan.Zero,
            _firstAnswer != 0 ? Time.GetElapsedTime(_accepted, _firstAnswer) : TimeSpan.Zero,
            total,
            _bytesSent,
            _bytesReceived,
            _retries,
            end == ConnectionEnd.ConnectFailed ? _lastFailure : null,
            end);
    }
}
