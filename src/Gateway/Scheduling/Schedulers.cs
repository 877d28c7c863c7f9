using Gateway.Clusters;

namespace Gateway.Scheduling;

/// <summary>The schedulers by name: the short names of LVS, their long forms, and YARP's five policies.</summary>
internal static class Schedulers
{
    // Each by all its names, the canonical one first.
    private static readonly string[][] _table =
    [
        ["rr", "RoundRobin"],
        ["wrr", "WeightedRoundRobin"],
        ["lc", "LeastConnection", "LeastConnections"],
        ["wlc", "WeightedLeastConnection", "WeightedLeastConnections"],
        ["lblc", "LocalityBasedLeastConnection"],
        ["lblcr", "LocalityBasedLeastConnectionWithReplication"],
        ["dh", "DestinationHashing"],
        ["sh", "SourceHashing"],
        ["sed", "ShortestExpectedDelay"],
        ["nq", "NeverQueue"],
        ["fo", "WeightedFailover"],
        ["ovf", "WeightedOverflow"],
        ["mh", "Maglev", "MaglevHashing"],
        ["twos", "WeightedRandomTwos"],
        ["FirstAlphabetical"],
        ["Random"],
        ["PowerOfTwoChoices"],
        ["LeastRequests"],
    ];

    private static readonly Dictionary<string, string> _canonicalByName = CanonicalByName();

    /// <summary>Every canonical name.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. _table.Select(names => names[0])];

    /// <summary>The canonical name of <paramref name="name"/>, whatever its case or length, or null when it is none.</summary>
    public static string? Canonical(string name) => _canonicalByName.GetValueOrDefault(name);

    /// <summary>The scheduler these options name, over these destinations in this order. What must outlive the list is
    /// taken over from <paramref name="before"/> if that is of the same kind.</summary>
    public static IScheduler Create(
        SchedulerOptions options,
        Destination[] destinations,
        TimeProvider time,
        Random random,
        IScheduler? before = null,
        bool restart = false) =>
        Canonical(options.Name) switch
        {
            "rr" => new RoundRobinScheduler(destinations, before as RoundRobinScheduler),
            "wrr" => new WeightedRoundRobinScheduler(destinations, before as WeightedRoundRobinScheduler, restart),
            "lc" => new LeastCostScheduler<LeastConnection>(destinations),
            "wlc" => new LeastCostScheduler<WeightedLeastConnection>(destinations),
            "lblc" => new LocalityScheduler(destinations, options, time, before as LocalityScheduler),
            "lblcr" => new LocalitySetScheduler(destinations, options, time, before as LocalitySetScheduler),
            "dh" => DestinationHashing.Create(destinations, options),
            "sh" => SourceHashing.Create(destinations, options),
            "sed" => new LeastCostScheduler<ShortestExpectedDelay>(destinations),
            "nq" => new LeastCostScheduler<NeverQueue>(destinations),
            "fo" => new LeastCostScheduler<WeightedFailover>(destinations),
            "ovf" => new LeastCostScheduler<WeightedOverflow>(destinations),
            "mh" => new MaglevScheduler(destinations, options),
            "twos" => new TwoChoicesScheduler(destinations, random),
            "FirstAlphabetical" => new FirstAlphabeticalScheduler(destinations),
            "Random" => new RandomScheduler(destinations, random),
            "PowerOfTwoChoices" => new TwoRequestsScheduler(destinations, random),
            "LeastRequests" => new LeastCostScheduler<LeastRequests>(destinations),
            _ => throw new ArgumentException($"'{options.Name}' is no scheduler.", nameof(options)),
        };

    private static Dictionary<string, string> CanonicalByName()
    {
        var canonical = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var names in _table)
        {
            foreach (var name in names)
            {
                canonical.Add(name, names[0]);
            }
        }

        return canonical;
    }
}
