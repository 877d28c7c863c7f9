namespace Gateway.Clusters;

/// <summary>The words on every destination by its identity, kept while it is gone too: a person's word must not be lost
/// because a configuration left the destination out for a while. Not thread-safe.</summary>
internal sealed class StandingMemory
{
    /// <summary>A destination that was up and is back this soon is up until it is probed; later it must be probed first.
    /// </summary>
    private static readonly TimeSpan _absence = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(string Cluster, string Destination), Kept> _kept = new(DestinationId.Comparer);

    private readonly record struct Kept(Uri Address, Standing Standing, DateTimeOffset Seen);

    /// <summary>How many destinations are remembered.</summary>
    public int Count => _kept.Count;

    /// <summary>Everything that is remembered, for whoever saves it.</summary>
    public IEnumerable<RememberedStanding> All =>
        _kept.Select(pair => new RememberedStanding(
            pair.Key.Cluster, pair.Key.Destination, pair.Value.Address, pair.Value.Standing, pair.Value.Seen));

    public void Keep(Destination destination, DateTimeOffset now) =>
        _kept[(destination.ClusterId, destination.Id)] = new Kept(destination.Options.Address, destination.Standing, now);

    public void Keep(RememberedStanding remembered) =>
        _kept[(remembered.ClusterId, remembered.DestinationId)] =
            new Kept(remembered.Address, remembered.Standing, remembered.Seen);

    /// <summary>Changes the words on all that match by cluster and destination.</summary>
    public void Change(Func<string, string, bool> which, Func<Standing, Standing> change)
    {
        foreach (var (id, kept) in _kept)
        {
            if (which(id.Cluster, id.Destination))
            {
                _kept[id] = kept with { Standing = change(kept.Standing) }; // which a dictionary allows while it is walked
            }
        }
    }

    /// <summary>Forgets one that is gone, unless a person's word on it is still in force.</summary>
    public void Forget(string clusterId, string destinationId, DateTimeOffset now)
    {
        if (_kept.TryGetValue((clusterId, destinationId), out var kept)
            && kept.Standing.At(now) is { Admin: null, PersonsWeight: null })
        {
            _kept.Remove((clusterId, destinationId));
        }
    }

    /// <summary>
    /// The words on a destination that appears, or null when it was never seen. Persons' words are about the id; those of
    /// machines about the address, and are kept when that is the same: one that was down stays down until it is probed.
    /// </summary>
    public Standing? Returning(string clusterId, DestinationOptions options, ProbeOptions? probe, DateTimeOffset now)
    {
        if (!_kept.TryGetValue((clusterId, options.Id), out var kept))
        {
            return null;
        }

        var standing = kept.Standing.At(now);
        var isSame = kept.Address == options.Address;
        var fresh = new Standing(probe is null ? ProbeVerdict.None : ProbeVerdict.Pending, "", now);
        var probed = probe is not null && isSame
            && (standing.Probe == ProbeVerdict.Down || (standing.Probe == ProbeVerdict.Up && now - kept.Seen < _absence));
        return (probed ? standing : fresh) with
        {
            Admin = standing.Admin,
            PersonsWeight = standing.PersonsWeight,
            Passive = isSame ? standing.Passive : null,
            LastEjection = isSame ? standing.LastEjection : null,
            Agent = isSame ? standing.Agent : null,
        };
    }
}

/// <summary>The words on one destination as they are saved.</summary>
/// <param name="ClusterId">Its cluster.</param>
/// <param name="DestinationId">Its id there.</param>
/// <param name="Address">The address the machines' words are about.</param>
/// <param name="Standing">The words.</param>
/// <param name="Seen">When it was last part of the configuration.</param>
internal sealed record RememberedStanding(
    string ClusterId, string DestinationId, Uri Address, Standing Standing, DateTimeOffset Seen);
