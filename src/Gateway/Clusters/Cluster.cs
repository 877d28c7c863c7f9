namespace Gateway.Clusters;

/// <summary>One cluster as it stands in one snapshot; the same object is kept by later snapshots while nothing of it
/// changes.</summary>
internal sealed class Cluster(ClusterOptions options, IReadOnlyList<Destination> destinations)
{
    private const int FewDestinations = 16;

    private Dictionary<string, Destination>? _byId;

    public string Id => Options.Id;

    public ClusterOptions Options { get; } = options;

    /// <summary>All destinations, backups too, in the order of the configuration.</summary>
    public IReadOnlyList<Destination> Destinations { get; } = destinations;

    /// <summary>Whether no destination is in service and machines therefore have no say, as the configuration wants it.
    /// What a person took out stays out.</summary>
    public bool IsPanicking { get; } =
        options.Panic && destinations.All(d => d.Judgement.Availability != Availability.InService);

    /// <summary>A destination of the cluster as schedulers take it now: while the cluster panics, machines have no say.</summary>
    public Destination InForce(Destination destination, DateTimeOffset now) => IsPanicking ? destination.InPanic(now) : destination;

    /// <summary>The destination with this id, or null.</summary>
    public Destination? Find(string destinationId)
    {
        // Whoever compares two snapshots asks for every destination, so among a thousand there is an index.
        if (Destinations.Count > FewDestinations)
        {
            return (_byId ??= Destinations.DistinctBy(destination => destination.Id).ToDictionary(destination => destination.Id))
                .GetValueOrDefault(destinationId);
        }

        foreach (var destination in Destinations)
        {
            if (destination.Id == destinationId)
            {
                return destination;
            }
        }

        return null;
    }
}
