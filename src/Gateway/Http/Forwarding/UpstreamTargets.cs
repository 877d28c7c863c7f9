using System.Runtime.CompilerServices;
using Gateway.Clusters;

namespace Gateway.Http.Forwarding;

/// <summary>The target of every destination: one for all who forward to it, since kept connections are found by it.
/// </summary>
internal sealed class UpstreamTargets(ClusterStore store, TimeProvider time)
{
    // By what survives a snapshot.
    private readonly ConditionalWeakTable<DestinationState, UpstreamTarget> _targets = [];
    private readonly Lock _gate = new();

    /// <summary>The target of a destination.</summary>
    public UpstreamTarget Of(Destination destination) =>
        Of(destination.State, destination.Options.Address, destination.Options.Host);

    /// <summary>The target of a destination at an <c>http://</c> address.</summary>
    /// <param name="state">Its counters.</param>
    /// <param name="address">The address.</param>
    /// <param name="host">What to send as Host instead of the address's own; null for that.</param>
    public UpstreamTarget Of(DestinationState state, Uri address, string? host) =>
        Find(state, address, host) ?? Add(state, address, host);

    private UpstreamTarget? Find(DestinationState state, Uri address, string? host) =>
        _targets.TryGetValue(state, out var target) && target.Is(address, host) ? target : null;

    private UpstreamTarget Add(DestinationState state, Uri address, string? host)
    {
        lock (_gate)
        {
            // Of two first requests on two loops, one would keep a connection where nobody looks for it.
            if (Find(state, address, host) is { } other)
            {
                return other;
            }

            var target = Create(state, address, host);
            _targets.AddOrUpdate(state, target);
            return target;
        }
    }

    // Apart, since what it captures would be made for every request otherwise.
    private UpstreamTarget Create(DestinationState state, Uri address, string? host) =>
        new(address, host, state, time, new ClusterWatch(store, state.ClusterId).Look);

    /// <summary>What the configuration says of a cluster now, looked up once in each snapshot; of which it keeps nothing alive but that.
    /// </summary>
    private sealed class ClusterWatch(ClusterStore store, string clusterId)
    {
        private Seen? _seen;

        public ClusterOptions? Look()
        {
            var current = store.Current;
            var seen = _seen;
            if (seen?.Revision != current.Revision)
            {
                _seen = seen = new(current.Revision, current.FindCluster(clusterId)?.Options);
            }

            return seen.Options;
        }

        private sealed record Seen(long Revision, ClusterOptions? Options);
    }
}
