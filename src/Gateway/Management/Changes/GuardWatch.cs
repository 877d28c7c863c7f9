using System.Globalization;
using Gateway.Clusters;

namespace Gateway.Management.Changes;

/// <summary>Decides whether a change has broken its guard. A pure function of two readings.</summary>
internal static class GuardWatch
{
    /// <summary>Fewer flows say nothing of a rate.</summary>
    public const int LeastFlows = 10;

    /// <summary>What a destination has counted since its beginning.</summary>
    internal readonly record struct Count(long Flows, long Failures);

    /// <summary>Ready destinations of each cluster, and flows and failures of each destination, at one moment.</summary>
    internal sealed record Reading(IReadOnlyDictionary<string, int> Ready, IReadOnlyDictionary<DestinationState, Count> Counts)
    {
        public static Reading Of(Snapshot snapshot)
        {
            var states = snapshot.Clusters.SelectMany(cluster => cluster.Destinations).Select(d => d.State).Distinct();
            return new Reading(
                snapshot.Clusters.ToDictionary(
                    cluster => cluster.Id,
                    cluster => cluster.Destinations.Count(d => d.Judgement.Availability == Availability.InService),
                    StringComparer.OrdinalIgnoreCase),
                states.ToDictionary(state => state, state => new Count(
                    state.Flows, Enum.GetValues<FailureReason>().Where(r => r != FailureReason.ClientAborted).Sum(state.Failures))));
        }

        /// <summary>This reading with the counts of destinations that only the later one has: one that comes back goes on
        /// counting where it was when it left.</summary>
        public Reading WithNewOf(Reading later)
        {
            var counts = new Dictionary<DestinationState, Count>(Counts);
            foreach (var (state, count) in later.Counts)
            {
                counts.TryAdd(state, count);
            }

            return this with { Counts = counts };
        }
    }

    /// <summary>Why the change must be rolled back; null when it need not.</summary>
    public static string? WhyBroken(Guard guard, Reading before, Reading now)
    {
        if (guard.MinReady > 0)
        {
            foreach (var (cluster, was) in before.Ready)
            {
                // A cluster that was removed on purpose, or had fewer before, breaks nothing.
                if (was >= guard.MinReady && now.Ready.TryGetValue(cluster, out var ready) && ready < guard.MinReady)
                {
                    return $"cluster {cluster} has {ready} ready destinations, fewer than {guard.MinReady}";
                }
            }
        }

        // Failed attempts are flows too: each was given to a destination.
        // Each destination is compared with itself, since those that were removed have taken their counts with them.
        var (flows, failures) = (0L, 0L);
        foreach (var (state, count) in now.Counts)
        {
            var was = before.Counts.GetValueOrDefault(state);
            flows += count.Flows - was.Flows;
            failures += count.Failures - was.Failures;
        }

        return guard.MaxErrorRate is { } most && flows >= LeastFlows && failures > most * flows
            ? string.Create(CultureInfo.InvariantCulture, $"{failures} of {flows} flows failed, more than {most:0.##%}") : null;
    }
}
