using System.Collections.Frozen;

namespace Gateway.Clusters;

/// <summary>The immutable picture of clusters, destinations and virtual servers that every part reads.</summary>
internal sealed class Snapshot(
    long revision, IReadOnlyList<Cluster> clusters, IReadOnlyList<VirtualServerOptions> virtualServers)
{
    private readonly FrozenDictionary<string, Cluster> _byId =
        clusters.ToFrozenDictionary(cluster => cluster.Id, StringComparer.OrdinalIgnoreCase);

    public static Snapshot Empty { get; } = new(0, [], []);

    /// <summary>Rises by one with every published change.</summary>
    public long Revision { get; } = revision;

    /// <summary>All clusters, in the order of the configuration.</summary>
    public IReadOnlyList<Cluster> Clusters { get; } = clusters;

    public IReadOnlyList<VirtualServerOptions> VirtualServers { get; } = virtualServers;

    /// <summary>The cluster with this id, or null; ids are compared without case, as YARP does.</summary>
    public Cluster? FindCluster(string id) => _byId.GetValueOrDefault(id);
}
