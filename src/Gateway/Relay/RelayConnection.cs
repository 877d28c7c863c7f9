using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.EventLoop;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>
/// One relayed connection as the rest of Gateway sees it: who, where to, how much, how long; and the accounts that
/// every engine must keep with the destination. Engines derive from it and move the bytes.
/// </summary>
/// <remarks>
/// Life: <see cref="TryOpen"/>; if <see cref="NewOpening"/> says that the client is to be read first,
/// <see cref="TryLead"/> with what was read; then <see cref="NextDestination"/>, after which the connection may have to wait for
/// a place (<see cref="HasToWait"/>, <see cref="Take"/>), and <see cref="ConnectFailed"/> until a destination answers, <see cref="Connected"/>, any number of <see cref="CountSent"/> and <see cref="CountReceived"/>,
/// <see cref="CountHalfClosed"/> at the first FIN, and <see cref="Release"/> exactly once, when both sockets are closed.
/// </remarks>
internal abstract partial class RelayConnection(VirtualServer virtualServer, ConnectionTable table, in Flow flow)
{
    private const int NotEnded = -1;

    /// <summary>Of one name, so many addresses are tried: whoever answers for it cannot keep Gateway busy.</summary>
    protected const int MostAddresses = 16;

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

    /// <summary>The time that the next of a destination's addresses may take.</summary>
    /// <param name="elapsed">Since connecting to the destination began.</param>
    /// <param name="addresses">How many have not been tried.</param>
    protected TimeSpan PatienceFor(TimeSpan elapsed, int addresses) =>
        ConnectTime.Part(VirtualServer.Options.ConnectTimeout, elapsed, addresses);

    /// <summary>The address that a destination of this family is connected to from; null is the system's choice.</summary>
    protected IPAddress? SourceFor(AddressFamily family) => VirtualServer.Options.Transparent
        ? _flow.Client!
        : VirtualServer.NextSource(family);

    /// <summary>Binds a bare Linux socket to the address that a destination of this family is connected to from; returns 0,
    /// or the error.</summary>
    protected int BindSource(int fd, AddressFamily to) => SourceFor(to) is not { } source ? 0
        : source.AddressFamily != to ? Libc.ErrorAddressNotAvailable
        : RelaySocket.BindSource(fd, source, VirtualServer.Options.Transparent);

    /// <summary>Whether somebody decided that the connection ends; its sockets may still be open for a moment.</summary>
    protected bool IsEnding => Volatile.Read(ref _end) != NotEnded;

    /// <summary>Whether somebody asked the connection to end in order.</summary>
    protected bool IsAskedToEnd => Volatile.Read(ref _asked) != NotEnded;

    /// <summary>
    /// Ends the connection as if the client had closed its half: the destination gets everything the client has sent so
    /// far and then an orderly end, and the client gets the whole answer and then the destination's own end. May be called
    /// from any thread, and more than once. A destination that does not close is given the half-closed timeout.
    /// </summary>
    /// <remarks>What has no order to end in goes on: a UDP session, and a connection that waits, connects or shakes hands, which
    /// may be served yet and can be asked again then.</remarks>
    public void EndInOrder(ConnectionEnd end)
    {
        if (IsConnected && !IsUdp && Interlocked.CompareExchange(ref _asked, (int)end, NotEnded) == NotEnded)
        {
            StopReadingClient();
        }
    }

    /// <summary>Ends the connection by resetting both sides; may be called from any thread, and more than once.</summary>
    public void Close(ConnectionEnd end)
    {
        if (TrySetEnd(end) || _isSayingSorry)
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

    /// <summary>
    /// Reserves the next destination to try, or returns null: when the connection <see cref="HasToWait"/> for one, or when
    /// none is left or as many were tried as the cluster's <see cref="RetryOptions.Tries"/> allow, and the end is then set.
    /// </summary>
    protected Destination? NextDestination()
    {
        if (IsEnding || !TryAdmitClient())
        {
            return null;
        }

        var failed = _lastTried;
        var scheduler = VirtualServer.Scheduler(_clusterId ?? VirtualServer.Options.ClusterId);
        Destination = _tries++ < scheduler?.Cluster.Options.Retry.Tries ? Pick(scheduler) : null;
        if (HasToWait)
        {
            return null;
        }

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

    /// <summary>Logs an error that should not have happened and ends the connection.</summary>
    protected void Fail(Exception exception)
    {
        _table.Report(exception, Id);
        Close(ConnectionEnd.Failed);
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

    /// <summary>Decides why the connection ends, once; the engine is to close it.</summary>
    protected bool TrySetEnd(ConnectionEnd end) =>
        Interlocked.CompareExchange(ref _end, (int)end, NotEnded) == NotEnded;
}
