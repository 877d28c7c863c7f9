using Gateway.Clusters;
using Gateway.Names;
using Gateway.Probing;

namespace Gateway.Configuration;

/// <summary>Reads one cluster: YARP's keys and Gateway's, with the rules that concern more than one key.</summary>
internal static class ClusterSection
{
    private const int MostProbes = 16;

    public static ClusterOptions Read(Section section, Section warnings)
    {
        var destinations = ReadDestinations(section, warnings);
        var persistence = section.Child("Persistence");
        if (persistence.Exists && section.Child("SessionAffinity").Flag("Enabled", false))
        {
            section.Error("Persistence", "is set beside SessionAffinity",
                "Keep one of the two: both decide where a client returns to.");
        }

        var probes = ReadProbes(section, destinations);
        WarnOfNobody(destinations, probes, warnings);
        var deciding = probes.Where(probe => probe.Kind != Probers.Agent).ToList();
        return new ClusterOptions
        {
            Id = section.Id,
            Destinations = destinations,
            Scheduler = SchedulerSection.Read(section, warnings),
            Probe = deciding.FirstOrDefault(),
            Probes = [.. deciding.Skip(1), .. probes.Where(probe => probe.Kind == Probers.Agent)],
            Persistence = persistence.Exists ? ReadPersistence(persistence) : null,
            SlowStart = section.Time("SlowStart", TimeSpan.Zero),
            Queue = OverloadSections.ReadQueue(section.Child("Queue")),
            Retry = OverloadSections.ReadRetry(section.Child("Retry")),
            Sorry = OverloadSections.ReadSorry(section.Child("Sorry")),
            Passive = OverloadSections.ReadPassive(section),
            MinReady = section.Whole("MinReady", 1),
            ConnectTimeout = section.Time("ConnectTimeout", TimeSpan.FromSeconds(3)),
            IdleTimeout = section.Time("IdleTimeout", TimeSpan.FromSeconds(4)),
            Panic = string.Equals(
                section.Child("HealthCheck").Text("AvailableDestinationsPolicy"), "HealthyOrPanic",
                StringComparison.OrdinalIgnoreCase),
        };
    }

    private static List<DestinationOptions> ReadDestinations(Section section, Section warnings)
    {
        var destinations = section.Child("Destinations").Children
            .Select(DestinationSection.Read).OfType<DestinationOptions>().ToList();
        if (!section.Child("Destinations").Children.Any())
        {
            warnings.Error("Destinations", "names no destination",
                "The cluster refuses all traffic until there is one.");
        }

        foreach (var same in destinations.GroupBy(d => d.Address).Where(group => group.Count() > 1))
        {
            warnings.Error("Destinations",
                $"has {string.Join(" and ", same.Select(d => d.Id))} at the same address, {same.Key}",
                "To give a destination a larger share, set its Weight.");
        }

        CheckIds(section.Child("Destinations"), destinations);
        return destinations;
    }

    // Everything that is known of a destination is known by its id: two of one id would share counters, words and probes.
    private static void CheckIds(Section section, List<DestinationOptions> destinations)
    {
        foreach (var named in destinations.Where(d => NameExpansion.KeyOf(d) is not null))
        {
            foreach (var other in destinations.Where(d =>
                d.Id.StartsWith($"{named.Id}[", StringComparison.OrdinalIgnoreCase) && d.Id.EndsWith(']')))
            {
                section.Error(other.Id, $"is an id that an address of '{named.Id}' may get, because that is a name",
                    "Give one of the two another id, without brackets.");
            }
        }
    }

    /// <summary>Warns of a cluster that can have nobody for new flows, or nobody but backups.</summary>
    private static void WarnOfNobody(
        List<DestinationOptions> destinations, List<ProbeOptions> probes, Section warnings)
    {
        if (destinations.Count == 0)
        {
            return;
        }

        if (destinations.All(destination => destination.Backup))
        {
            warnings.Error("Destinations", "names backups only", "Leave Backup away where a destination is to serve at all times.");
        }

        // An agent or a command may give weights of its own.
        if (destinations.All(destination => destination.Weight == 0)
            && !probes.Any(probe => probe.Kind == Probers.Agent || probe.WeightFromExit))
        {
            warnings.Error("Destinations", "has weight 0 throughout", "The cluster takes no new traffic until one has a Weight.");
        }
    }

    private static List<ProbeOptions> ReadProbes(Section section, IReadOnlyList<DestinationOptions> destinations)
    {
        var list = section.Child("Probes");
        if (list.Children.Skip(MostProbes).Any())
        {
            list.Error($"has more than {MostProbes} probes", "Look at fewer things, or do it in one command.");
        }

        List<ProbeOptions> probes =
        [
            .. ReadProbe(section, destinations) is { } probe ? [probe] : Array.Empty<ProbeOptions>(),
            .. list.Children.Select(ProbeSection.Read),
        ];
        if (probes.Count(one => one.Kind == Probers.Agent || one.WeightFromExit) > 1)
        {
            section.Error("Probes", "has more than one agent or WeightFromExit", "Keep one: a destination has one weight.");
        }

        return probes;
    }

    private static ProbeOptions? ReadProbe(Section section, IReadOnlyList<DestinationOptions> destinations)
    {
        var probe = section.Child("Probe");
        var active = section.Child("HealthCheck").Child("Active");
        var isActive = active.Flag("Enabled", false);
        if (probe.Exists && isActive)
        {
            section.Error("Probe", "is set beside HealthCheck:Active",
                "Keep one of the two; Probe can do all that HealthCheck:Active can.");
        }

        return probe.Exists ? ProbeSection.Read(probe)
            : isActive ? ActiveHealthCheckSection.Read(section, active, destinations)
            : null;
    }

    private static PersistenceOptions ReadPersistence(Section section)
    {
        var defaults = new PersistenceOptions();
        return new PersistenceOptions
        {
            Timeout = section.Time("Timeout", defaults.Timeout),
            Mask4 = section.Whole("Mask4", defaults.Mask4),
            Mask6 = section.Whole("Mask6", defaults.Mask6),
            Key = section.Text("Key", defaults.Key),
            LeaveDrained = section.Flag("LeaveDrained", defaults.LeaveDrained),
            MaxEntries = section.Whole("MaxEntries", defaults.MaxEntries),
        };
    }
}
