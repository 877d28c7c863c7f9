using Gateway.Clusters;

namespace Gateway.Management.Events;

/// <summary>Writes an event whenever a destination comes, goes or stands differently.</summary>
/// <remarks>It compares whole snapshots; what did not change is the same object in the next one.</remarks>
internal sealed class StandingEvents(EventLog events)
{
    private Snapshot? _before;

    /// <summary>Takes the next snapshot; called under the store's lock.</summary>
    public void Follow(Snapshot snapshot)
    {
        var before = _before;
        _before = snapshot;
        if (before is null || ReferenceEquals(before, Snapshot.Empty))
        {
            return;
        }

        foreach (var cluster in snapshot.Clusters)
        {
            var old = before.FindCluster(cluster.Id);
            if (!ReferenceEquals(old, cluster))
            {
                Compare(old, cluster);
            }
        }

        foreach (var gone in before.Clusters.Where(cluster => snapshot.FindCluster(cluster.Id) is null))
        {
            events.Add("configuration", $"cluster {gone.Id} removed", gone.Id);
        }
    }

    private void Compare(Cluster? old, Cluster cluster)
    {
        if (old is null)
        {
            events.Add("configuration", $"cluster {cluster.Id} added with {cluster.Destinations.Count} destinations", cluster.Id);
            return;
        }

        foreach (var destination in cluster.Destinations)
        {
            if (old.Find(destination.Id) is not { } before)
            {
                events.Add("configuration", $"destination {destination.Id} added at {destination.Options.Address}",
                    cluster.Id, destination.Id);
            }
            else if (before.Judgement != destination.Judgement)
            {
                events.Add("standing", Text(before.Judgement, destination.Judgement), cluster.Id, destination.Id);
            }
        }

        foreach (var gone in old.Destinations.Where(d => cluster.Find(d.Id) is null))
        {
            events.Add("configuration", $"destination {gone.Id} removed", cluster.Id, gone.Id);
        }
    }

    private static string Text(Judgement before, Judgement now)
    {
        var reason = now.Reason.Length > 0 ? $": {now.Reason}" : "";
        return before.Availability == now.Availability
            ? FormattableString.Invariant($"{Word(now)}, weight {now.Weight:0.##}{reason}")
            : $"{Word(before)} → {Word(now)}{reason}";
    }

    private static string Word(Judgement judgement) => judgement.Availability switch
    {
        Availability.InService => "in service",
        Availability.Draining => "draining",
        _ => "out",
    };
}
