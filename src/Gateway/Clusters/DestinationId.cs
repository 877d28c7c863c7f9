namespace Gateway.Clusters;

/// <summary>What identifies a destination for as long as anything is known of it: cluster and destination id, compared
/// without case, as YARP does.</summary>
internal static class DestinationId
{
    public static IEqualityComparer<(string Cluster, string Destination)> Comparer { get; } = new IdComparer();

    private sealed class IdComparer : IEqualityComparer<(string Cluster, string Destination)>
    {
        public bool Equals((string Cluster, string Destination) x, (string Cluster, string Destination) y) =>
            StringComparer.OrdinalIgnoreCase.Equals(x.Cluster, y.Cluster)
            && StringComparer.OrdinalIgnoreCase.Equals(x.Destination, y.Destination);

        public int GetHashCode((string Cluster, string Destination) id) => HashCode.Combine(
            StringComparer.OrdinalIgnoreCase.GetHashCode(id.Cluster),
            StringComparer.OrdinalIgnoreCase.GetHashCode(id.Destination));
    }
}
