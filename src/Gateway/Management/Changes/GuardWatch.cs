using System.Globalization;
using Gateway.Clusters;

namespace Gateway.Management.Changes;

/// <summary>Decides whether a change has broken its guard. A pure function of two readings.</summary>
internal static class GuardWatch
{
    /// <summary>Fewer flows say nothing of a rate.</summary>
    public const int LeastFlows = 10;

    /// <summary>Ready destinations of each cluster, and flows and failures of all, at one moment.</summary>
    internal sealed record Reading(IReadOnlyDictionary<string, int> Ready, long Flows, long Failures)
    {
        public static Reading Of(Snapshot snapshot)
        {
            var states = snapshot.Clusters.SelectMany(cluster => cluster.Destinations).Select(d => d.State).ToList();
            return new Reading(
                snapshot.Clusters.ToDictionary(
                    cluster => cluster.Id,
                    cluster => cluster.Destinations.Count(d => d.Judgement.Availability == Availability.InService),
                    StringComparer.OrdinalIgnoreCase),
                states.Sum(state => state.Flows),
                states.Sum(state => Enum.GetValues<FailureReason>().Where(r => r != FailureReason.ClientAborted).Sum(state.Failures)));
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
        var (flows, failures) = (now.Flows - before.Flows, now.Failures - before.Failures);
        return guard.MaxErrorRate is { } most && flows >= LeastFlows && failures > most * flows
            ? string.Create(CultureInfo.InvariantCulture, $"{failures} of {flows} flows failed, more than {most:0.##%}") : null;
    }
}
