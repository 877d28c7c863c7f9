using Gateway.Clusters;
using Gateway.Scheduling;

namespace Gateway.Configuration;

/// <summary>Reads the scheduler of a cluster: its name from <c>LoadBalancingPolicy</c>, its details from
/// <c>Scheduler</c>.</summary>
internal static class SchedulerSection
{
    private const string PolicyKey = "LoadBalancingPolicy";

    private static readonly string[] _hashing = ["dh", "sh", "mh", "lblc", "lblcr"];

    // Order is missing: every scheduler walks its list.
    private static readonly (string Key, string[] Schedulers)[] _users =
    [
        ("Key", _hashing),
        ("UsePort", _hashing),
        ("Fallback", ["dh", "sh", "mh"]),
        ("TableBits", ["dh", "sh"]),
        ("BoundedLoad", ["mh"]),
        ("Expiration", ["lblc", "lblcr"]),
        ("MaxKeys", ["lblc", "lblcr"]),
    ];

    public static SchedulerOptions Read(Section cluster, Section warnings)
    {
        var section = cluster.Child("Scheduler");
        var defaults = new SchedulerOptions();
        var name = ReadName(cluster) ?? defaults.Name;
        foreach (var (key, schedulers) in _users)
        {
            if (section.Has(key) && !schedulers.Contains(name))
            {
                warnings.Child("Scheduler").Error(key, $"has no effect on the scheduler {name}",
                    $"Remove it, or set {PolicyKey} to {string.Join(" or ", schedulers)}.");
            }
        }

        return new SchedulerOptions
        {
            Name = name,
            Key = section.Text("Key"),
            UsePort = section.Flag("UsePort", defaults.UsePort),
            Mask4 = section.Whole("Mask4", defaults.Mask4),
            Mask6 = section.Whole("Mask6", defaults.Mask6),
            Fallback = section.Flag("Fallback", defaults.Fallback),
            TableBits = section.Whole("TableBits", defaults.TableBits),
            Order = section.Word("Order", defaults.Order),
            BoundedLoad = section.Number("BoundedLoad"),
            Expiration = section.Time("Expiration", defaults.Expiration),
            MaxKeys = section.Whole("MaxKeys", defaults.MaxKeys),
        };
    }

    private static string? ReadName(Section cluster)
    {
        var name = cluster.Text(PolicyKey);
        if (string.IsNullOrEmpty(name))
        {
            // YARP takes an empty name for none, too.
            return null;
        }

        if (Schedulers.Canonical(name) is { } canonical)
        {
            return canonical;
        }

        var near = NearestKey.Find(name, Schedulers.Names);
        cluster.Error(PolicyKey, "is not a scheduler",
            (near is null ? "" : $"Did you mean '{near}'? ")
            + $"The schedulers are {string.Join(", ", Schedulers.Names)}.");
        return null;
    }
}
