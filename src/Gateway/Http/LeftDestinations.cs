using Gateway.Clusters;
using Yarp.ReverseProxy;

namespace Gateway.Http;

/// <summary>Closes kept connections to destinations that a person takes out as soon as nothing is in progress there: whoever
/// waits for a server to have no connections shall not have to wait for a timeout.</summary>
/// <remarks>Destinations that a machine takes out keep theirs: they may be back in a moment.</remarks>
internal sealed class LeftDestinations(
    ClusterStore store, IEnumerable<IIdleConnections> connections, IProxyStateLookup yarp, TimeProvider time)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(100);

    private readonly IIdleConnections[] _connections = [.. connections];
    private ITimer? _timer;
    private int _isLooking;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        store.Subscribe(_ => LookSoon());
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    private void LookSoon()
    {
        if (Interlocked.Exchange(ref _isLooking, 1) == 0)
        {
            _timer!.Change(_look, Timeout.InfiniteTimeSpan);
        }
    }

    private void Look()
    {
        Volatile.Write(ref _isLooking, 0);
        var left = store.Current.Clusters.SelectMany(cluster => cluster.Destinations.Where(d => IsLeft(cluster, d)))
            .Select(destination => destination.State).ToHashSet();
        if (left.Count == 0)
        {
            return;
        }

        // Nobody begins a request there any more, so whoever is idle now stays so.
        var isBusy = left.RemoveWhere(state => state.Active > 0) > 0;
        foreach (var connections in _connections)
        {
            isBusy |= !connections.CloseIdle(left);
        }

        if (isBusy)
        {
            LookSoon();
        }
    }

    // Where clients are remembered, by persistence or YARP's affinity, they may return to one that drains.
    private bool IsLeft(Cluster cluster, Destination destination) =>
        destination.Judgement is { Availability: not Availability.InService, DecidedBy: StandingWord.Admin }
        && (!destination.IsWelcoming || !Remembers(cluster));

    private bool Remembers(Cluster cluster) => cluster.Options.Persistence is not null
        || (yarp.TryGetCluster(cluster.Id, out var state) && state.Model.Config.SessionAffinity?.Enabled == true);
}
