using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;
using Gateway.Queueing;
using Gateway.Relay.Tls;
using Gateway.Scheduling;

namespace Gateway.Relay;

/// <summary>
/// The live side of one virtual server: its current options and its counters, which survive reload. All members may be
/// called from any thread.
/// </summary>
/// <remarks>
/// A snapshot reaches the schedulers before it reaches the virtual servers. A connection accepted in between may look for
/// a cluster that has gone, and so may one from the queue of a virtual server that went together with its cluster: both
/// get the scheduler this virtual server had, for a client must not be reset because of a reload.
/// </remarks>
internal sealed class VirtualServer(
    VirtualServerOptions options, ClusterSchedulers schedulers, ClusterQueues queues, TimeProvider time, ILogger logger)
{
    private readonly SpreadCounter _received = new();
    private readonly SpreadCounter _sent = new();
    private readonly long[] _ended = new long[ConnectionEnds.Count];
    private volatile VirtualServerOptions _options = options;
    private volatile TlsTerms? _tls = TermsOf(options, time, logger);
    private volatile byte[]? _sorry = options.Sorry?.ToBytes();
    private volatile ClusterChoice _choice = new(options, schedulers);
    private int _active;
    private int _nextSource;
    private long _accepted;

    public string Id => Options.Id;

    /// <summary>The options of the current snapshot; connections that are open follow them too.</summary>
    public VirtualServerOptions Options
    {
        get => _options;
        set
        {
            if (value.Tls != _options.Tls)
            {
                _tls = TermsOf(value, time, logger);
            }

            _options = value;
            _sorry = value.Sorry?.ToBytes();
            _choice = new ClusterChoice(value, schedulers);
        }
    }

    /// <summary>How many connections each client has; kept only while there is a limit.</summary>
    public ClientCounts Clients { get; } = new();

    /// <summary>Where connections wait whose clusters are full.</summary>
    public ClusterQueues Queues => queues;

    /// <summary>The address to connect to a destination from; null is the system's choice.</summary>
    public IPAddress? NextSource(AddressFamily family)
    {
        var sources = Options.SourceAddresses;
        for (var i = 0; i < sources.Count; i++)
        {
            var source = sources[(int)((uint)Interlocked.Increment(ref _nextSource) % sources.Count)];
            if (source.AddressFamily == family)
            {
                return source;
            }
        }

        return null;
    }

    /// <summary>How its connections speak TLS; null when they are passed on as they are.</summary>
    public TlsTerms? Tls => _tls;

    /// <summary>What clients are told that no destination can serve; null resets them.</summary>
    public byte[]? Sorry => _sorry;

    /// <summary>Which cluster its connections go to.</summary>
    public ClusterChoice Choice => _choice;

    /// <summary>Connections in progress.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>Connections ever accepted, those refused afterwards included.</summary>
    public long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Bytes that came from clients.</summary>
    public long BytesReceived => _received.Value;

    /// <summary>Bytes that went to clients.</summary>
    public long BytesSent => _sent.Value;

    /// <summary>Connections that ended for this reason.</summary>
    public long Ended(ConnectionEnd end) => Volatile.Read(ref _ended[(int)end]);

    /// <summary>Counts a connection; false when the limit is reached and it must be refused.</summary>
    public bool TryAdmit()
    {
        Interlocked.Increment(ref _accepted);
        var active = Interlocked.Increment(ref _active);
        var most = Options.MaxConnections;
        return most == 0 || active <= most;
    }

    public void CountReceived(long bytes) => _received.Add(bytes);

    public void CountSent(long bytes) => _sent.Add(bytes);

    /// <summary>Whether the limit was reached a moment ago.</summary>
    public bool IsFull => Options.MaxConnections is not 0 and var most && Active >= most;

    /// <summary>Counts a client that was refused without becoming a connection.</summary>
    public void CountRefused(ConnectionEnd end)
    {
        Interlocked.Increment(ref _accepted);
        Interlocked.Increment(ref _ended[(int)end]);
    }

    /// <summary>Counts the end of a connection, admitted or not.</summary>
    public void CountEnd(ConnectionEnd end)
    {
        Interlocked.Decrement(ref _active);
        Interlocked.Increment(ref _ended[(int)end]);
    }

    /// <summary>The cluster as it stands now; null when there is none.</summary>
    public Cluster? Cluster => Scheduler(Options.ClusterId)?.Cluster;

    /// <summary>The scheduler of a cluster; null when there is none.</summary>
    public ClusterScheduler? Scheduler(string clusterId) => schedulers.Find(clusterId) ?? _choice.Remembered(clusterId);

    private static TlsTerms? TermsOf(VirtualServerOptions options, TimeProvider time, ILogger logger) =>
        options.Tls is { } tls ? new TlsTerms(tls, time, logger) : null;
}
