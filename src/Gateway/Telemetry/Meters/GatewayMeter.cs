using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.InteropServices;
using Gateway.Clusters;
using Gateway.Telemetry.AccessLogging;

namespace Gateway.Telemetry.Meters;

/// <summary>The meter <c>Gateway</c>: everything measured here that .NET does not measure itself.</summary>
/// <remarks>
/// All but the request's duration (<see cref="RequestMeter"/>) is read from counters that exist anyway when somebody asks, so that it costs a request
/// nothing. No label holds what a client chose: no path, no address, and methods outside RFC 9110 are <c>_OTHER</c>.
/// </remarks>
internal sealed class GatewayMeter : IDisposable
{
    /// <summary>The meter's name, and the prefix of its instruments in small letters.</summary>
    public const string Name = "Gateway";

    private readonly DestinationMeter _destinations;
    private readonly Meter _meter;
    private readonly ClusterStore _store;
    private readonly TelemetryReadings _readings;

    public GatewayMeter(
        MeterScope scope, ClusterStore store, TelemetryReadings readings, AccessLog? accessLog = null)
    {
        _meter = scope.Create(Name);
        _store = store;
        _readings = readings;
        _destinations = new DestinationMeter(scope, store, readings);

        _meter.CreateObservableGauge("gateway.build.info", ReadBuild, null,
            "Always 1; the labels say which build this is.");
        _meter.CreateObservableGauge("gateway.snapshot.revision", () => _store.Current.Revision, null,
            "Rises by one with every published change of clusters, destinations or their standing.");
        CreateClusters();
        CreateVirtualServers();
        CreateConfiguration();
        _meter.CreateObservableCounter("gateway.http.forwarded", ReadForwarded, "{request}",
            "HTTP requests sent to a destination, further tries included, by the forwarder and the lane that took them.");
        _meter.CreateObservableCounter("gateway.http.rejected", ReadRejected, "{request}",
            "HTTP requests refused before a route was asked for them, by the status of the answer.");
        CreateKernel();
        if (accessLog is not null)
        {
            _meter.CreateObservableCounter("gateway.access_log.written", () => accessLog.Written, "{record}",
                "Records written to the access log.");
            _meter.CreateObservableCounter("gateway.access_log.dropped", () => accessLog.Dropped, "{record}",
                "Records lost because the access log could not be written, or not fast enough.");
        }
    }

    /// <summary>As <see cref="DestinationMeter.Replaced"/>.</summary>
    public event Action Replaced
    {
        add => _destinations.Replaced += value;
        remove => _destinations.Replaced -= value;
    }

    /// <summary>The most series an instrument of this meter may have; instruments by destination have room for each.
    /// </summary>
    public int SeriesLimit(string instrument) =>
        DestinationMeter.Owns(instrument) ? _destinations.SeriesLimit : RequestMeter.SeriesLimit;

    public void Dispose()
    {
        _meter.Dispose();
        _destinations.Dispose();
    }

    private static Measurement<int> ReadBuild()
    {
        var version = typeof(GatewayMeter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
        return new Measurement<int>(
            1,
            new("version", version?.InformationalVersion ?? ""),
            new("runtime", RuntimeInformation.FrameworkDescription),
            new("architecture", RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()));
    }

    private IEnumerable<Measurement<long>> ReadForwarded() => _readings.Forwarded().Select(reading =>
        new Measurement<long>(reading.Count, new("forwarder", reading.Forwarder), new("lane", reading.Lane)));

    private IEnumerable<Measurement<long>> ReadRejected() => _readings.Rejected().Select(reading =>
        new Measurement<long>(reading.Value, new KeyValuePair<string, object?>("status", reading.Key)));

    private void CreateClusters()
    {
        _meter.CreateObservableGauge("gateway.cluster.destinations", () => Each(c => c.Destinations.Count), "{destination}",
            "Destinations in the cluster, backups included.");
        _meter.CreateObservableGauge("gateway.cluster.ready_destinations", () => Each(CountReady),
            "{destination}", "Destinations of the cluster that may get a new flow now, backups included.");

        _meter.CreateObservableGauge("gateway.cluster.queue_length", () => EachQueue(q => q.Waiting), "{request}",
            "Requests and relayed connections that wait for a place at a destination.");
        _meter.CreateObservableCounter("gateway.cluster.queue_refused", () => EachQueue(q => q.Refused), "{request}",
            "Requests and relayed connections refused because the queue was full or they waited in vain.");

        IEnumerable<Measurement<long>> EachQueue(Func<QueueReading, long> read) => _readings.Queues().Select(
            queue => new Measurement<long>(read(queue), new KeyValuePair<string, object?>("cluster", queue.ClusterId)));

        IEnumerable<Measurement<long>> Each(Func<Cluster, long> read) => _store.Current.Clusters.Select(
            cluster => new Measurement<long>(read(cluster), new KeyValuePair<string, object?>("cluster", cluster.Id)));

        long CountReady(Cluster cluster)
        {
            var now = _store.Time.GetUtcNow();
            return cluster.Destinations.Count(destination => DestinationMeter.IsReady(cluster.InForce(destination, now)));
        }
    }

    private void CreateVirtualServers()
    {
        _meter.CreateObservableCounter("gateway.virtual_server.connections", () => Each(v => v.Connections), "{connection}",
            "Connections accepted by the virtual server.");
        _meter.CreateObservableUpDownCounter("gateway.virtual_server.active_connections", () => Each(v => v.Active),
            "{connection}", "Connections of the virtual server in progress.");
        _meter.CreateObservableCounter("gateway.virtual_server.rejected", () => Each(v => v.Rejected), "{connection}",
            "Connections that no destination was tried for: limit reached, no destination ready, or queue full or late.");
        _meter.CreateObservableCounter("gateway.virtual_server.received", () => Each(v => v.BytesReceived), "By",
            "Bytes received from clients of the virtual server.");
        _meter.CreateObservableCounter("gateway.virtual_server.sent", () => Each(v => v.BytesSent), "By",
            "Bytes sent to clients of the virtual server.");
        _meter.CreateObservableCounter("gateway.virtual_server.ended", ReadEnds, "{connection}",
            "Connections of the virtual server that ended, by reason.");
        _meter.CreateObservableCounter("gateway.proxy_header.faults", ReadFaults, "{connection}",
            "Connections of an HTTP listener reset because a trusted proxy sent no valid PROXY protocol header.");

        IEnumerable<Measurement<long>> ReadEnds() =>
            from v in _readings.VirtualServers()
            from end in v.Ends
            select new Measurement<long>(
                end.Value, new("cluster", v.ClusterId), new("end", end.Key), new("virtual_server", v.Id));

        IEnumerable<Measurement<long>> ReadFaults() => _readings.ProxyHeaderFaults().Select(
            fault => new Measurement<long>(fault.Value, new KeyValuePair<string, object?>("endpoint", fault.Key)));

        IEnumerable<Measurement<long>> Each(Func<VirtualServerReading, long> read) => _readings.VirtualServers().Select(
            v => new Measurement<long>(read(v), new("cluster", v.ClusterId), new("virtual_server", v.Id)));
    }

    private void CreateKernel()
    {
        _meter.CreateObservableGauge("gateway.kernel.path", ReadPaths, null,
            "Whether the kernel forwards the virtual server's addresses of this family (1) or the relay does (0).");
        _meter.CreateObservableGauge("gateway.kernel.revision", () => Read(k => k.Revision), null,
            "The snapshot revision that the kernel's rules are of.");
        _meter.CreateObservableCounter("gateway.kernel.changes", () => Read(k => k.Made), "{change}",
            "Changes made to the kernel's rules.");
        _meter.CreateObservableCounter("gateway.kernel.failures", () => Read(k => k.Failed), "{change}",
            "Changes to the kernel's rules that failed.");

        _meter.CreateObservableGauge("gateway.kernel.last_change",
            () => _readings.Kernel() is { } kernel ? new[] { new Measurement<double>(kernel.Last.TotalSeconds) } : [], "s",
            "How long the last change of the kernel's rules took, planning included.");

        IEnumerable<Measurement<int>> ReadPaths() => _readings.KernelPaths().Select(path => new Measurement<int>(
            path.IsInKernel ? 1 : 0,
            new("family", path.Family), new("forwarding", path.Forwarding), new("virtual_server", path.VirtualServerId)));

        IEnumerable<Measurement<long>> Read(Func<(long Revision, long Made, long Failed, TimeSpan Last), long> read) =>
            _readings.Kernel() is { } kernel ? [new Measurement<long>(read(kernel))] : [];
    }

    private void CreateConfiguration()
    {
        _meter.CreateObservableGauge("gateway.configuration.revision", () => Each(c => c.Revision), null,
            "Rises by one with each configuration that was applied.");
        _meter.CreateObservableGauge("gateway.configuration.last_reload_successful", () => Each(c => c.LastAccepted ? 1 : 0),
            null, "Whether the file as it was read last was right and could be applied (1) or not (0).");
        _meter.CreateObservableGauge("gateway.configuration.last_reload_timestamp",
            () => Each(c => c.LastRead.ToUnixTimeSeconds()), "s",
            "When the file was last read, in seconds since 1970, whatever came of it.");
        _meter.CreateObservableCounter("gateway.configuration.reloads", ReadReloads, "{reload}",
            "Configurations by result: applied ones, and files that were refused.");

        IEnumerable<Measurement<long>> Each(Func<ConfigurationReading, long> read) =>
            _readings.Configuration() is { } configuration ? [new Measurement<long>(read(configuration))] : [];

        IEnumerable<Measurement<long>> ReadReloads() => _readings.Configuration() is { } configuration
            ? [
                new Measurement<long>(configuration.Accepted, new KeyValuePair<string, object?>("result", "accepted")),
                new Measurement<long>(configuration.Refused, new KeyValuePair<string, object?>("result", "refused")),
            ]
            : [];
    }
}
