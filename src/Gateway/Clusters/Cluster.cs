namespace Gateway.Clusters;

/// <summary>One cluster as it stands in one snapshot; the same object is kept by later snapshots while nothing of it
/// changes.</summary>
internal sealed class Cluster(ClusterOptions options, IReadOnlyList<Destination> destinations)
{
    public string Id => Options.Id;

    public ClusterOptions Options { get; } = options;

    /// <summary>All destinations, backups too, in the order of the configuration.</summary>
    public IReadOnlyList<Destination> Destinations { get; } = destinations;

    /// <summary>Whether no destination is in service and machines therefore have no say, as the configuration wants it.
    /// What a person took out stays out.</summary>
    public bool IsPanicking { get; } =
        options.Panic && destinations.All(d => d.Judgement.Availability != Availability.InService);

    /// <summary>The destination with this id, or null.</summary>
    public Destination? Find(string destinationId)
    {
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
