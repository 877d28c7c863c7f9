namespace Gateway.Clusters;

/// <summary>Compares options by value where a record would compare its lists by reference.</summary>
internal static class OptionsEquality
{
    public static bool Same(ClusterOptions a, ClusterOptions b) =>
        a.Destinations.SequenceEqual(b.Destinations) && a with { Destinations = b.Destinations } == b;

    public static bool Same(IReadOnlyList<VirtualServerOptions> a, IReadOnlyList<VirtualServerOptions> b) =>
        a.Count == b.Count && a.Zip(b).All(pair => Same(pair.First, pair.Second));

    public static bool Same(VirtualServerOptions a, VirtualServerOptions b) =>
        a.Listen.SequenceEqual(b.Listen) && a with { Listen = b.Listen } == b;
}
