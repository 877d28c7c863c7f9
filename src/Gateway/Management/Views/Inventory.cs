using System.Text.Json;
using Gateway.Clusters;
using Gateway.Configuration;
using Gateway.Management.History;
using Gateway.Probing;
using Gateway.Queueing;
using Gateway.Scheduling;

namespace Gateway.Management.Views;

/// <summary>Makes views of clusters and destinations as they stand now.</summary>
internal sealed class Inventory(
    ClusterStore store, ClusterSchedulers schedulers, ProbeService probes, ConfigurationInForce configuration,
    Baselines baselines, TrafficHistory history, ClusterQueues queues, KernelViews kernel)
{
    private static readonly string[] _reasons =
        [.. Enum.GetValues<FailureReason>().Select(reason => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{reason}"))];

    private volatile ClusterUsers? _users;

    public Snapshot Snapshot => store.Current;

    public IEnumerable<ClusterView> Clusters() => store.Current.Clusters.Select(cluster => Of(cluster, withDestinations: false));

    public ClusterView Of(Cluster cluster, bool withDestinations)
    {
        var (ready, draining) = (0, 0);
        var (active, flows, errors, rate) = (0L, 0L, 0L, 0.0);
        foreach (var destination in cluster.Destinations)
        {
            ready += destination.Judgement.Availability == Availability.InService ? 1 : 0;
            draining += destination.Judgement.Availability == Availability.Draining ? 1 : 0;
            var counters = baselines.Since(destination.State);
            active += destination.State.Load.Total;
            flows += counters.Flows;
            errors += Errors(counters);
            rate += history.RateOf(destination.State);
        }

        var users = Users();
        return new ClusterView
        {
            Id = cluster.Id,
            State = cluster.Destinations.Count == 0 ? "empty"
                : ready == 0 ? "down"
                : ready == cluster.Destinations.Count ? "ok"
                : "degraded",
            Scheduler = cluster.Options.Scheduler.Name,
            Probe = cluster.Options.AllProbes.FirstOrDefault()?.Kind,
            Persistence = cluster.Options.Persistence?.Key,
            Total = cluster.Destinations.Count,
            Ready = ready,
            Draining = draining,
            Out = cluster.Destinations.Count - ready - draining,
            Active = active,
            Flows = flows,
            Rate = Math.Round(rate, 1),
            Errors = errors,
            Queue = QueueOf(cluster),
            Routes = [.. users.Routes[cluster.Id]],
            VirtualServers = [.. users.VirtualServers[cluster.Id]],
            Paths = [.. users.VirtualServers[cluster.Id].SelectMany(kernel.PathsOf)],
            Destinations = withDestinations ? [.. cluster.Destinations.Select(Of)] : null,
        };
    }

    public DestinationView Of(Destination destination)
    {
        var state = destination.State;
        var counters = baselines.Since(state);
        return new DestinationView
        {
            Id = destination.Id,
            Cluster = destination.ClusterId,
            Address = destination.Options.Address.OriginalString,
            State = StateOf(destination),
            Reason = destination.Judgement.Reason,
            DecidedBy = destination.Judgement.DecidedBy,
            Words = WordsView.Of(destination),
            Weight = destination.Weight,
            EffectiveWeight = destination.Judgement.Weight,
            Backup = destination.Options.Backup,
            BackupRank = destination.Options.Backup ? destination.Options.BackupRank : null,
            MaxConnections = destination.MaxConnections,
            Active = state.Active,
            Inactive = state.Inactive,
            Flows = counters.Flows,
            Rate = Math.Round(history.RateOf(state), 1),
            Errors = Errors(counters),
            ErrorsByReason = counters.Failures.Index().Where(pair => pair.Item > 0)
                .ToDictionary(pair => _reasons[pair.Index], pair => pair.Item),
            Retries = counters.Retries,
            BytesReceived = counters.BytesReceived,
            BytesSent = counters.BytesSent,
            LatencyMilliseconds = history.LatencyOf(state) is { } latency ? Math.Round(latency, 2) : null,
            LastProbe = destination.IsProbed
                && probes.FindStatistics(destination.ClusterId, destination.Id)?.Last is { } last
                ? new ProbeView(
                    JsonNamingPolicy.SnakeCaseLower.ConvertName($"{last.Result.Outcome}"), last.Result.Detail, last.At,
                    Math.Round(last.Duration.TotalMilliseconds, 2))
                : null,
            Kernel = kernel.OfDestination(destination.ClusterId, destination.Id),
        };
    }

    /// <summary>The clients a cluster remembers; null when it remembers none.</summary>
    public PersistenceTable? Persistence(string clusterId) => schedulers.Find(clusterId)?.Persistence;

    public static string StateOf(Destination destination) => destination.Judgement switch
    {
        { Availability: Availability.InService } => destination.State.IsFull ? "full" : "ready",
        { Availability: Availability.Draining } => "drain",
        { DecidedBy: StandingWord.Admin } => "maintenance",
        { DecidedBy: StandingWord.Probe } when destination.Standing.Probe == ProbeVerdict.Pending => "pending",
        _ => "down",
    };

    private QueueView? QueueOf(Cluster cluster) => cluster.Options.Queue is not { } options ? null
        : queues.Find(cluster.Id) is { } queue ? new QueueView(queue.Count, options.Length, queue.Refused)
        : new QueueView(0, options.Length, 0);

    // A client that goes away is no error of the destination's.
    private static long Errors(Baselines.Counters counters) =>
        counters.Failures.Sum() - counters.Failures[(int)FailureReason.ClientAborted];

    private ClusterUsers Users()
    {
        var current = configuration.Current;
        return _users is { } users && ReferenceEquals(users.Of, current) ? users : _users = new ClusterUsers(current);
    }

    /// <summary>What leads to the clusters of one configuration, by their ids: a whole, since several threads put one in the place
    /// of another.</summary>
    private sealed class ClusterUsers(LoadedConfiguration of)
    {
        public LoadedConfiguration Of { get; } = of;

        public ILookup<string, string> Routes { get; } = Lookup(of.Section("ReverseProxy:Routes"));

        public ILookup<string, string> VirtualServers { get; } = Lookup(of.Section("VirtualServers"));

        private static ILookup<string, string> Lookup(Section section) => section.Children.ToLookup(
            child => child.Text("ClusterId", ""), child => child.Id, StringComparer.OrdinalIgnoreCase);
    }
}
