using System.Runtime.CompilerServices;
using Gateway.Clusters;

namespace Gateway.Management.History;

/// <summary>What each destination did over the last hour: new flows, flows in progress, failures and latency at even
/// intervals. May be used from any thread.</summary>
/// <remarks>Memory is bounded: with so many destinations that an hour of <see cref="ShortestInterval"/> steps would take more
/// than <see cref="MostPoints"/> points, the steps become longer, up to a minute. A point has 16 bytes.</remarks>
internal sealed class TrafficHistory(ClusterStore store, TimeProvider time) : IHostedService, IDisposable
{
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(10);

    /// <summary>Points of all destinations together: 10 MB.</summary>
    public const int MostPoints = 600_000;

    private static readonly TimeSpan _longestInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _length = TimeSpan.FromHours(1);

    private readonly ConditionalWeakTable<DestinationState, DestinationHistory> _histories = [];
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private long _ticks;

    /// <summary>The time between two points now.</summary>
    public TimeSpan Interval { get; private set; } = ShortestInterval;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(_ => Sample(), null, ShortestInterval, ShortestInterval);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    /// <summary>New flows a second over the last step; 0 before the second one.</summary>
    public double RateOf(DestinationState state) => _histories.TryGetValue(state, out var history) ? history.Rate : 0;

    /// <summary>Mean milliseconds of the flows that ended in the last step; null when none did.</summary>
    public double? LatencyOf(DestinationState state) =>
        _histories.TryGetValue(state, out var history) ? history.LatencyMilliseconds : null;

    /// <summary>The points of a destination, the earliest first.</summary>
    public IReadOnlyList<HistoryPoint> Of(DestinationState state)
    {
        lock (_gate)
        {
            return _histories.TryGetValue(state, out var history) ? history.Points() : [];
        }
    }

    /// <summary>Takes one sample of every destination.</summary>
    internal void Sample()
    {
        lock (_gate)
        {
            var clusters = store.Current.Clusters;
            var count = clusters.Sum(cluster => cluster.Destinations.Count);
            var steps = Math.Clamp(MostPoints / Math.Max(count, 1), (int)(_length / _longestInterval), (int)(_length / ShortestInterval));
            var every = Math.Max(1, (int)Math.Round(_length / steps / ShortestInterval));
            Interval = ShortestInterval * every;
            var now = time.GetUtcNow();
            var isPoint = ++_ticks % every == 0;
            foreach (var cluster in clusters)
            {
                foreach (var destination in cluster.Destinations)
                {
                    var history = _histories.GetValue(destination.State, _ => new DestinationHistory());
                    history.Sample(destination.State, now, isPoint, steps);
                }
            }
        }
    }
}
