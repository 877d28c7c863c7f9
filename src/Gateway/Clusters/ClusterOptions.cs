namespace Gateway.Clusters;

/// <summary>What the configuration says of one cluster: a pool of destinations with one scheduler, one probe and one
/// persistence rule.</summary>
internal sealed record ClusterOptions
{
    /// <summary>The key of the cluster in the configuration.</summary>
    public required string Id { get; init; }

    /// <summary>The destinations, in the order of the file.</summary>
    public required IReadOnlyList<DestinationOptions> Destinations { get; init; }

    /// <summary>Which scheduler picks, and how.</summary>
    public SchedulerOptions Scheduler { get; init; } = new();

    /// <summary>How destinations are probed; null is never: they count as up.</summary>
    public ProbeOptions? Probe { get; init; }

    /// <summary>Further probes; a destination must pass all of them, and <see cref="Probe"/>.</summary>
    public ValueList<ProbeOptions> Probes { get; init; } = [];

    /// <summary>All probes of the cluster.</summary>
    public IEnumerable<ProbeOptions> AllProbes => Probe is null ? Probes : [Probe, .. Probes];

    /// <summary>How clients return to the destination they had; null is not at all.</summary>
    public PersistenceOptions? Persistence { get; init; }

    /// <summary>Time in which a destination that comes into service grows to its full share; zero is at once.</summary>
    public TimeSpan SlowStart { get; init; }

    /// <summary>Where requests and relayed connections wait while every destination is full; null is nowhere.</summary>
    public QueueOptions? Queue { get; init; }

    /// <summary>When a request that failed is tried elsewhere.</summary>
    public RetryOptions Retry { get; init; } = new();

    /// <summary>What a client gets when no destination can serve it; null is a bare 503.</summary>
    public SorryOptions? Sorry { get; init; }

    /// <summary>How destinations that traffic fails at are taken out; null is not at all.</summary>
    public PassiveOptions? Passive { get; init; }

    /// <summary>Backups serve as well while fewer other destinations than this are in service, at least 1.</summary>
    public int MinReady { get; init; } = 1;

    /// <summary>HTTP: time to connect to one destination.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>HTTP: how long a connection to a destination is kept without a request.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Whether all destinations are used when every one is down (YARP's <c>HealthyOrPanic</c>).</summary>
    public bool Panic { get; init; }
}
