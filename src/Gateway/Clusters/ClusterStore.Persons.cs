namespace Gateway.Clusters;

/// <content>Persons' words, and what is saved and brought back.</content>
internal sealed partial class ClusterStore
{
    /// <summary>Sets a person's order on a destination; null takes it back. False when there is no such destination.
    /// </summary>
    public bool SetAdmin(string clusterId, string destinationId, AdminWord? word) =>
        SetAdmin(destination => IsNamed(destination, clusterId, destinationId), _ => word) > 0;

    /// <summary>Sets a person's order on all destinations that match, in one snapshot, to what <paramref name="change"/> makes
    /// of the one before; returns how many match.</summary>
    public int SetAdmin(Func<Destination, bool> which, Func<AdminWord?, AdminWord?> change) =>
        Change(which, standing => standing with { Admin = change(standing.Admin) });

    /// <summary>Sets a person's weight on a destination; null brings the configured one back. False when there is no such
    /// destination.</summary>
    public bool SetWeight(string clusterId, string destinationId, WeightWord? word) => Change(
        destination => IsNamed(destination, clusterId, destinationId),
        standing => standing with { PersonsWeight = word }) > 0;

    /// <summary>The destinations on which a person's order stands that matches. Those that are gone are among them, also before
    /// the first <see cref="Apply"/>: they come back with their words, and their flows may go on.</summary>
    /// <param name="clusterId">Their cluster.</param>
    /// <param name="destinationId">The one destination to look at; null is all of the cluster.</param>
    /// <param name="which">Whether an order matches.</param>
    public IReadOnlyList<DestinationState> Ordered(string clusterId, string? destinationId, Func<AdminWord, bool> which)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            var present = _current.FindCluster(clusterId)?.Destinations ?? [];
            var states = present.Select(destination => destination.State).ToHashSet();
            return
            [
                .. from destination in present
                   where IsWithin(destination.ClusterId, destination.Id, clusterId, destinationId)
                       && destination.Standing.Admin is { } word && which(word)
                   select destination.State,
                .. from gone in _memory.All
                   where IsWithin(gone.ClusterId, gone.DestinationId, clusterId, destinationId)
                       && gone.Standing.At(now).Admin is { } word && which(word)
                   let state = StateOf(gone.ClusterId, gone.DestinationId)
                   where !states.Contains(state)
                   select state,
            ];
        }
    }

    /// <summary>Changes the persons' orders there are on a destination, or with null on all of the cluster, those that are gone
    /// too, in one snapshot.</summary>
    public void ChangeAdmin(string clusterId, string? destinationId, Func<AdminWord, AdminWord?> change)
    {
        lock (_gate)
        {
            _memory.Change((cluster, destination) => IsWithin(cluster, destination, clusterId, destinationId), Next);
            Change(destination => IsWithin(destination.ClusterId, destination.Id, clusterId, destinationId), Next);
        }

        Standing Next(Standing standing) => standing.Admin is { } word ? standing with { Admin = change(word) } : standing;
    }

    /// <summary>The words on every destination, for whoever saves them.</summary>
    public IReadOnlyList<RememberedStanding> Remember()
    {
        lock (_gate)
        {
            KeepPresentNeedsLock(_time.GetUtcNow());
            return [.. _memory.All];
        }
    }

    /// <summary>Takes words that were saved; they count when their destination is next added by <see cref="Apply"/>.
    /// </summary>
    public void Recall(IEnumerable<RememberedStanding> remembered)
    {
        lock (_gate)
        {
            foreach (var standing in remembered.Take(MostAbsentStates))
            {
                _memory.Keep(standing);
            }
        }
    }

    private static bool IsWithin(string cluster, string destination, string clusterId, string? destinationId) =>
        cluster.Equals(clusterId, StringComparison.OrdinalIgnoreCase)
        && (destinationId is null || destination.Equals(destinationId, StringComparison.OrdinalIgnoreCase));

    private DestinationState StateOf(string clusterId, string destinationId) =>
        _states.GetOrAdd((clusterId, destinationId), id => new DestinationState(id.Cluster, id.Destination));
}
