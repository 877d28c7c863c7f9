using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Http.Forwarding;
using Gateway.Probing;
using Gateway.Relay;
using Gateway.Telemetry;

namespace Gateway.Hosting;

/// <summary>What telemetry reads from the other features at a scrape: the one place that knows both sides.</summary>
internal sealed class Readings(
    ClusterStore store, ProbeService probes, RelayService relay, IServiceProvider services, IHostApplicationLifetime lifetime)
{
    public TelemetryReadings Connect() => new()
    {
        Probes = Probes,
        ProbeDurations = ProbeDurations,
        VirtualServers = VirtualServers,
        Forwarded = Forwarded,
        Configuration = Configuration,
        Ready = Ready,
    };

    private IEnumerable<ProbeReading> Probes() =>
        from pair in Probed()
        from outcome in Enum.GetValues<ProbeOutcome>()
        let count = pair.Statistics.Ended(outcome)
        where count > 0
        select new ProbeReading(pair.Destination, Words.Of(outcome), count);

    private IEnumerable<ProbeDurationReading> ProbeDurations() =>
        from pair in Probed()
        let last = pair.Statistics.Last
        where last is not null
        select new ProbeDurationReading(pair.Destination, last.Duration);

    private IEnumerable<(Destination Destination, ProbeStatistics Statistics)> Probed() =>
        from cluster in store.Current.Clusters
        where cluster.Options.Probe is not null
        from destination in cluster.Destinations
        let statistics = probes.FindStatistics(cluster.Id, destination.Id)
        where statistics is not null
        select (destination, statistics);

    private IEnumerable<ForwardedReading> Forwarded() =>
        services.GetService<ForwardedRequests>() is { } forwarded
            ? [new("gateway", forwarded.Own), new("yarp", forwarded.Yarp)]
            : [];

    private IEnumerable<VirtualServerReading> VirtualServers() => relay.VirtualServers.Select(server => new VirtualServerReading(
        server.Id,
        server.Options.ClusterId,
        server.Accepted,
        server.Active,
        server.Ended(ConnectionEnd.Limit) + server.Ended(ConnectionEnd.NoDestination),
        server.BytesReceived,
        server.BytesSent));

    private ConfigurationReading? Configuration() =>
        services.GetService<ConfigurationReloader>()?.Status is { } status
            ? new ConfigurationReading(
                status.Successes, status.LastResult == ReloadResult.Applied, status.LastAttempt, status.Successes, status.Failures)
            : null;

    private ReadyReport Ready()
    {
        var reasons = new List<string>();
        if (!lifetime.ApplicationStarted.IsCancellationRequested)
        {
            reasons.Add("starting");
        }

        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            reasons.Add("stopping");
        }

        reasons.AddRange(relay.Listeners.Where(listener => !listener.IsListening).Select(listener =>
            $"virtual server {listener.VirtualServerId} does not listen on {listener.Configured}: {listener.Error}"));
        return new ReadyReport(reasons);
    }
}
