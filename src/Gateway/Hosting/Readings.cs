using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Draining;
using Gateway.Http;
using Gateway.Http.Forwarding;
using Gateway.Kernel;
using Gateway.Probing;
using Gateway.ProxyProtocol;
using Gateway.Queueing;
using Gateway.Relay;
using Gateway.Telemetry;

namespace Gateway.Hosting;

/// <summary>What telemetry reads from the other features at a scrape: the one place that knows both sides.</summary>
internal sealed class Readings(
    ClusterStore store, ProbeService probes, RelayService relay, KernelService kernel, IServiceProvider services, IHostApplicationLifetime lifetime)
{
    private const int MostNotes = 1000;

    public TelemetryReadings Connect() => new()
    {
        Probes = Probes,
        ProbeDurations = ProbeDurations,
        VirtualServers = VirtualServers,
        Forwarded = Forwarded,
        Rejected = () => services.GetRequiredService<RejectedRequests>().ByStatus,
        ProxyHeaderFaults = () => services.GetRequiredService<ProxyHeaderFaults>().ByEndpoint,
        Queues = () => services.GetRequiredService<ClusterQueues>().All.Select(
            entry => new QueueReading(entry.Key, entry.Value.Count, entry.Value.Refused)),
        Configuration = Configuration,
        KernelPaths = KernelPaths,
        KernelTargets = KernelTargets,
        Kernel = () => kernel.Status is { Paths.Count: > 0 } status ? (status.Revision, status.Changes, status.Failures, status.LastChange) : null,
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
        from destination in cluster.Destinations
        where destination.IsProbed
        let statistics = probes.FindStatistics(cluster.Id, destination.Id)
        where statistics is not null
        select (destination, statistics);

    private IEnumerable<ForwardedReading> Forwarded() =>
        services.GetService<ForwardedRequests>() is { } forwarded
            ? [
                new("gateway", "plain", forwarded.Lane),
                new("gateway", "pipeline", forwarded.Pipeline),
                new("yarp", "pipeline", forwarded.Yarp),
            ]
            : [];

    private IEnumerable<VirtualServerReading> VirtualServers() => relay.VirtualServers.Select(server => new VirtualServerReading(
        server.Id,
        server.Options.ClusterId,
        server.Accepted,
        server.Active,
        server.Ended(ConnectionEnd.Limit) + server.Ended(ConnectionEnd.NoDestination)
            + server.Ended(ConnectionEnd.QueueFull) + server.Ended(ConnectionEnd.QueueTimeout),
        server.BytesReceived,
        server.BytesSent)
    {
        Ends = [.. Enum.GetValues<ConnectionEnd>()
            .Select(end => KeyValuePair.Create(end.Label(), server.Ended(end))).Where(end => end.Value > 0)],
    });

    private IEnumerable<KernelPathReading> KernelPaths() => kernel.Status.Paths.Select(path => new KernelPathReading(
        path.VirtualServerId, path.IsIPv6 ? "ipv6" : "ipv4", path.Forwarding, path.IsInKernel));

    private IEnumerable<KernelTargetReading> KernelTargets() => kernel.Status.Targets.Select(target => new KernelTargetReading(
        target.VirtualServerId, target.ClusterId, target.DestinationId)
    {
        Connections = target.Counters.Started,
        Active = target.Active,
        Inactive = target.Inactive,
        PacketsSent = target.Counters.PacketsSent,
        PacketsReceived = target.Counters.PacketsReceived,
        BytesSent = target.Counters.BytesSent,
        BytesReceived = target.Counters.BytesReceived,
    });

    private ConfigurationReading? Configuration() =>
        services.GetService<ConfigurationReloader>()?.Status is { } status
            ? new ConfigurationReading(
                status.Successes, status.LastResult == ReloadResult.Applied, status.LastAttempt, status.Successes, status.Failures)
            : null;

    /// <summary>One line for each destination that is not in service, with the word that decides. Who said it and why is not
    /// for everybody who may ask for this page.</summary>
    private IEnumerable<string> NotInService() =>
        (from cluster in store.Current.Clusters
         from destination in cluster.Destinations
         let judgement = destination.Judgement
         where judgement.Availability != Availability.InService
         select $"{cluster.Id}/{destination.Id} {Words.Of(judgement.Availability)} by {Words.Of(judgement.DecidedBy)}")
        .Take(MostNotes);

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
        else if (services.GetRequiredService<DrainService>().IsNodeDraining)
        {
            reasons.Add("draining");
        }

        reasons.AddRange(relay.Listeners.Where(listener => !listener.IsListening).Select(listener =>
            $"virtual server {listener.VirtualServerId} does not listen on {listener.Configured}: {listener.Error}"));
        return new ReadyReport(reasons) { Notes = [.. NotInService()] };
    }
}
