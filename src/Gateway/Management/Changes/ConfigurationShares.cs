using Gateway.Clusters;

namespace Gateway.Management.Changes;

/// <summary>Predicts how a change of the configuration shifts new flows between destinations.</summary>
internal static class ConfigurationShares
{
    /// <summary>So many clusters are predicted; a change of more is told without.</summary>
    private const int MostClusters = 20;

    /// <summary>The shares of every cluster whose options differ, destinations that go or come among them.</summary>
    public static IReadOnlyList<ShareView> Between(Snapshot now, IReadOnlyList<ClusterOptions> next, DateTimeOffset time)
    {
        var changed = next.Where(options =>
            now.FindCluster(options.Id) is not { } cluster || !OptionsEquality.Same(cluster.Options, options)).Take(MostClusters);
        return [.. changed.SelectMany(options => Of(now.FindCluster(options.Id), options, time))];
    }

    private static IEnumerable<ShareView> Of(Cluster? before, ClusterOptions after, DateTimeOffset time)
    {
        var sharesBefore = before is null ? null : PredictedShares.Of(before.Options, before.Destinations);
        var sharesAfter = PredictedShares.Of(after, after.Destinations.Select(options => Expected(before?.Find(options.Id), after, options, time)));
        foreach (var id in (before?.Destinations.Select(d => d.Id) ?? []).Concat(after.Destinations.Select(d => d.Id))
            .Distinct(StringComparer.OrdinalIgnoreCase))
        {
            yield return new ShareView(after.Id, id,
                Math.Round(sharesBefore?.GetValueOrDefault(id) ?? 0, 3), Math.Round(sharesAfter.GetValueOrDefault(id), 3));
        }
    }

    /// <summary>A destination as it will stand: as now while its address stays, else as if its probe had passed.</summary>
    private static Destination Expected(Destination? now, ClusterOptions cluster, DestinationOptions options, DateTimeOffset time)
    {
        var standing = now is not null && now.Options.Address == options.Address ? now.Standing
            : Standing.Unprobed with { Admin = now?.Standing.Admin, PersonsWeight = now?.Standing.PersonsWeight };
        return new Destination(
            cluster.Id, options, standing, standing.Judge(options.Weight, initiallyUp: true, time),
            new DestinationState(cluster.Id, options.Id))
        { Probe = cluster.Probe };
    }
}
