using System.Diagnostics.Metrics;
using Gateway.Clusters;

namespace Gateway.Telemetry.Meters;

/// <summary>The instruments with one series a destination, read from the current snapshot.</summary>
/// <remarks>
/// A destination that is removed is not observed any more, so its series end. The SDK however keeps a place for every
/// series it ever saw, and has a fixed number of them for each instrument. Where destinations come and go all day the
/// places would run out, so the meter is replaced, which frees them, once more destinations were seen than it has room
/// for; the new one has room for twice as many as there are. A reader gives them back at its next collection. Values are
/// absolute and do not change by that.
/// </remarks>
internal sealed class DestinationMeter : IDisposable
{
    private const int SmallestRoom = 64;

    /// <summary>Series of one instrument for one destination: more than there are failure reasons or probe outcomes.
    /// </summary>
    private const int SeriesPerDestination = 16;

    private readonly MeterScope _scope;
    private readonly ClusterStore _store;
    private readonly TelemetryReadings _readings;
    private readonly HashSet<(string Cluster, string Destination)> _seen = [];
    private Meter? _meter;
    private int _room;

    public DestinationMeter(MeterScope scope, ClusterStore store, TelemetryReadings readings)
    {
        _scope = scope;
        _store = store;
        _readings = readings;
        store.Subscribe(Observe);
    }

    /// <summary>Raised under the store's lock when the instruments were replaced: whoever collects them should, so that the places of those
    /// of before are free again.</summary>
    public event Action? Replaced;

    /// <summary>How many series each instrument has room for.</summary>
    public int SeriesLimit => _room * SeriesPerDestination;

    /// <summary>Whether <paramref name="instrument"/> is one of those made here.</summary>
    public static bool Owns(string instrument) =>
        instrument.StartsWith("gateway.destination.", StringComparison.Ordinal)
        || instrument.StartsWith("gateway.probe.", StringComparison.Ordinal);

    /// <summary>Whether a destination, as schedulers take it, may get a new flow now.</summary>
    public static bool IsReady(Destination destination) =>
        destination.EffectiveWeight > 0 && !destination.State.IsFull;

    public void Dispose() => Interlocked.Exchange(ref _meter, null)?.Dispose();

    /// <summary>Called with every snapshot, one at a time, under the store's lock.</summary>
    private void Observe(Snapshot snapshot)
    {
        var count = 0;
        foreach (var cluster in snapshot.Clusters)
        {
            foreach (var destination in cluster.Destinations)
            {
                count++;
                _seen.Add((cluster.Id, destination.Id));
            }
        }

        if (_meter is not null && _seen.Count <= _room)
        {
            return;
        }

        _seen.Clear();
        _meter?.Dispose();
        _room = Math.Max(SmallestRoom, count * 2);
        _meter = _scope.Create(GatewayMeter.Name);
        CreateTraffic(_meter);
        CreateStanding(_meter);
        CreateProbes(_meter);
        CreateKernel(_meter);
        Replaced?.Invoke();
    }

    private void CreateTraffic(Meter meter)
    {
        meter.CreateObservableCounter("gateway.destination.flows", () => Each(d => d.State.Flows), "{flow}",
            "Requests and connections given to the destination.");
        meter.CreateObservableUpDownCounter("gateway.destination.active_flows", () => Each(d => d.State.Active), "{flow}",
            "Requests and connections in progress at the destination.");
        meter.CreateObservableUpDownCounter("gateway.destination.inactive_flows", () => Each(d => d.State.Inactive),
            "{flow}", "Connections that are closing, and UDP sessions.");
        meter.CreateObservableCounter("gateway.destination.received", () => Each(d => d.State.BytesReceived), "By",
            "Bytes received from the destination.");
        meter.CreateObservableCounter("gateway.destination.sent", () => Each(d => d.State.BytesSent), "By",
            "Bytes sent to the destination.");
        meter.CreateObservableCounter("gateway.destination.failures", ReadFailures, "{failure}",
            "Flows that failed at the destination, by reason.");
        meter.CreateObservableCounter("gateway.destination.retries", () => Each(d => d.State.Retries), "{flow}",
            "Flows that failed at the destination and were tried at another one.");
    }

    private void CreateStanding(Meter meter)
    {
        meter.CreateObservableGauge("gateway.destination.up", () => Each(d => d.IsUp ? 1 : 0), null,
            "1 while neither a machine nor a person has taken the destination out, else 0.");
        meter.CreateObservableGauge("gateway.destination.word", ReadWords, null,
            "What each word on the destination allows: 1 all flows, 0.5 those of known clients, 0 none.");
        meter.CreateObservableGauge("gateway.destination.ready", () => EachInForce(d => IsReady(d) ? 1 : 0), null,
            "1 while the destination may get a new flow: in service, weight above 0, not full; else 0.");
        meter.CreateObservableGauge("gateway.destination.weight", () => Each(d => d.Weight), null,
            "The configured weight, or the one a person set.");
        meter.CreateObservableGauge("gateway.destination.effective_weight", () => EachInForce(d => d.EffectiveWeight), null,
            "The weight that schedulers use now; 0 while the destination may get no new clients.");
        meter.CreateObservableGauge("gateway.destination.slow_start", ReadRamps, null,
            "The part of its full share that slow start allows the destination, 0 to 1.");
        meter.CreateObservableGauge("gateway.destination.max_connections", () => Each(d => d.MaxConnections),
            "{flow}", "Most flows in progress at once, as configured or the lower limit its agent asks for; 0 is no limit.");
    }

    private void CreateKernel(Meter meter)
    {
        meter.CreateObservableCounter("gateway.destination.kernel.connections", () => Read(t => t.Connections), "{connection}",
            "Connections and UDP clients that the kernel led to the destination.");
        meter.CreateObservableCounter("gateway.destination.kernel.sent_packets", () => Read(t => t.PacketsSent), "{packet}",
            "Packets that the kernel forwarded to the destination.");
        meter.CreateObservableCounter("gateway.destination.kernel.received_packets", () => Read(t => t.PacketsReceived), "{packet}",
            "Packets from the destination that the kernel passed back; none with direct forwarding.");
        meter.CreateObservableCounter("gateway.destination.kernel.sent", () => Read(t => t.BytesSent), "By",
            "Bytes of the packets that the kernel forwarded to the destination, headers included.");
        meter.CreateObservableCounter("gateway.destination.kernel.received", () => Read(t => t.BytesReceived), "By",
            "Bytes of the packets that the kernel passed back; none with direct forwarding.");
        meter.CreateObservableGauge("gateway.destination.kernel.active_connections", () => Read(t => t.Active), "{connection}",
            "Connections in progress that the kernel led to the destination.");
        meter.CreateObservableGauge("gateway.destination.kernel.inactive_connections", () => Read(t => t.Inactive), "{connection}",
            "Connections that are closing, and UDP clients, that the kernel led to the destination.");

        IEnumerable<Measurement<long>> Read(Func<KernelTargetReading, long> read) => _readings.KernelTargets().Select(
            target => new Measurement<long>(
                read(target), new("cluster", target.ClusterId), new("destination", target.DestinationId),
                new("virtual_server", target.VirtualServerId)));
    }

    private void CreateProbes(Meter meter)
    {
        meter.CreateObservableCounter("gateway.probe.results", ReadProbes, "{probe}",
            "Probes of the destination, by outcome.");
        meter.CreateObservableGauge("gateway.probe.last_duration", ReadDurations, "s",
            "How long the last probe of the destination took.");

        IEnumerable<Measurement<long>> ReadProbes() => _readings.Probes().Select(probe => new Measurement<long>(
            probe.Count,
            new("cluster", probe.Destination.ClusterId),
            new("destination", probe.Destination.Id),
            new("outcome", probe.Outcome)));

        IEnumerable<Measurement<double>> ReadDurations() => _readings.ProbeDurations().Select(probe =>
            new Measurement<double>(
                probe.Last.TotalSeconds,
                new("cluster", probe.Destination.ClusterId),
                new("destination", probe.Destination.Id)));
    }

    private IEnumerable<Measurement<long>> Each(Func<Destination, long> read) => Each((_, destination) => read(destination));

    /// <summary>The same of destinations as schedulers take them.</summary>
    private IEnumerable<Measurement<long>> EachInForce(Func<Destination, long> read)
    {
        var now = _store.Time.GetUtcNow();
        return Each((cluster, destination) => read(cluster.InForce(destination, now)));
    }

    private IEnumerable<Measurement<long>> Each(Func<Cluster, Destination, long> read)
    {
        foreach (var cluster in _store.Current.Clusters)
        {
            foreach (var destination in cluster.Destinations)
            {
                yield return new Measurement<long>(
                    read(cluster, destination), new("cluster", cluster.Id), new("destination", destination.Id));
            }
        }
    }

    private IEnumerable<Measurement<double>> ReadRamps()
    {
        var now = _store.Time.GetUtcNow();
        return from cluster in _store.Current.Clusters
               from destination in cluster.Destinations
               select new Measurement<double>(
                   destination.Ramp?.At(now) ?? 1, new("cluster", cluster.Id), new("destination", destination.Id));
    }

    private IEnumerable<Measurement<double>> ReadWords()
    {
        foreach (var cluster in _store.Current.Clusters)
        {
            foreach (var destination in cluster.Destinations)
            {
                foreach (var word in Enum.GetValues<StandingWord>())
                {
                    yield return new Measurement<double>(
                        destination.Standing.Of(word, destination.Options.Weight, destination.Probe?.InitiallyUp ?? true) switch
                        {
                            Availability.InService => 1,
                            Availability.Draining => 0.5,
                            _ => 0,
                        },
                        new("cluster", cluster.Id),
                        new("destination", destination.Id),
                        new("word", Words.Of(word)));
                }
            }
        }
    }

    /// <summary>All reasons, also those that never happened: a counter that appears at 1 has no rate.</summary>
    private IEnumerable<Measurement<long>> ReadFailures()
    {
        foreach (var cluster in _store.Current.Clusters)
        {
            foreach (var destination in cluster.Destinations)
            {
                foreach (var reason in Enum.GetValues<FailureReason>())
                {
                    yield return new Measurement<long>(
                        destination.State.Failures(reason),
                        new("cluster", cluster.Id),
                        new("destination", destination.Id),
                        new("reason", Words.Of(reason)));
                }
            }
        }
    }
}
