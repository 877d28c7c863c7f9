using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Checks that routes and virtual servers lead to clusters that exist and can do what they are asked
/// to.</summary>
internal static class ClusterReferences
{
    public static void Check(
        Section root, Section warnings,
        IReadOnlyList<ClusterOptions> clusters, IReadOnlyList<VirtualServerOptions> virtualServers)
    {
        var sections = root.Child("ReverseProxy").Child("Clusters");
        var byId = clusters.ToDictionary(cluster => cluster.Id, StringComparer.OrdinalIgnoreCase);
        var used = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var route in root.Child("ReverseProxy").Child("Routes").Children)
        {
            if (Find(route, byId, used) is { } cluster)
            {
                CheckRoute(route, cluster);
            }
            else if (string.IsNullOrEmpty(route.Text("ClusterId")))
            {
                // YARP allows it, for programs that serve such routes in code of their own.
                warnings.Child("ReverseProxy").Child("Routes").Child(route.Id)
                    .Error("names no cluster", "Its requests are answered 503 until it has a ClusterId.");
            }
        }

        foreach (var (section, options) in root.Child("VirtualServers").Children.Zip(virtualServers))
        {
            if (Find(section, byId, used) is { } cluster)
            {
                CheckVirtualServer(sections.Child(cluster.Id), section, options, cluster);
                ForwardingCheck.Check(section, options, cluster);
            }

            foreach (var entry in section.Child("Sni").Children.Concat(section.Child("Alpn").Children))
            {
                if (Find(entry, entry.Value, byId, used) is { } named)
                {
                    CheckVirtualServer(sections.Child(named.Id), entry, options, named);
                }
            }
        }

        WarnOfStreams(root, warnings, byId, virtualServers);
        foreach (var unused in clusters.Where(cluster => !used.Contains(cluster.Id)))
        {
            warnings.Child("ReverseProxy").Child("Clusters").Child(unused.Id)
                .Error("is used by no route and no virtual server", "Add a route, or remove the cluster.");
        }
    }

    /// <summary>Warns of UDP that is led to addresses which are not written as such; a cluster that serves TCP as well cannot write
    /// them otherwise.</summary>
    private static void WarnOfStreams(
        Section root, Section warnings, Dictionary<string, ClusterOptions> clusters, IReadOnlyList<VirtualServerOptions> virtualServers)
    {
        var streams = virtualServers.Where(server => server.Protocol != "udp").Select(server => server.ClusterId)
            .Concat(root.Child("ReverseProxy").Child("Routes").Children.Select(route => route.Text("ClusterId", "")))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var server in virtualServers.Where(server => server.Protocol == "udp" && !streams.Contains(server.ClusterId)))
        {
            if (clusters.GetValueOrDefault(server.ClusterId)?.Destinations.FirstOrDefault(d => d.Address.Scheme != "udp") is { } stream)
            {
                warnings.Child("VirtualServers").Child(server.Id).Error(
                    "ClusterId", $"leads UDP to destination '{stream.Id}', {stream.Address}", "Use udp:// addresses.");
            }
        }
    }

    private static ClusterOptions? Find(
        Section section, Dictionary<string, ClusterOptions> clusters, HashSet<string> used)
    {
        return Find(section.Child("ClusterId"), section.Text("ClusterId"), clusters, used);
    }

    /// <summary>The cluster that a value names.</summary>
    private static ClusterOptions? Find(
        Section value, string? id, Dictionary<string, ClusterOptions> clusters, HashSet<string> used)
    {
        if (string.IsNullOrEmpty(id))
        {
            return null;
        }

        used.Add(id);
        if (!clusters.TryGetValue(id, out var cluster))
        {
            value.Error("is no cluster", clusters.Count == 0
                ? "Add it under ReverseProxy:Clusters."
                : NearestKey.Suggest(id, clusters.Keys));
        }

        return cluster;
    }

    private static void CheckRoute(Section route, ClusterOptions cluster)
    {
        if (cluster.Destinations.FirstOrDefault(d => d.Address.Scheme is "tcp" or "udp") is { } wrong)
        {
            route.Error("ClusterId", $"leads HTTP to destination '{wrong.Id}', {wrong.Address}",
                "Give the destinations of the cluster http:// or https:// addresses, or use a virtual server.");
        }
    }

    private static void CheckVirtualServer(
        Section clusterSection, Section section, VirtualServerOptions options, ClusterOptions cluster)
    {
        var udp = cluster.Destinations.FirstOrDefault(d => d.Address.Scheme == "udp");
        if (options.Protocol == "tcp" && udp is not null)
        {
            (section.Exists && section.Value is null ? section.Child("ClusterId") : section).Error(
                $"leads TCP to destination '{udp.Id}', {udp.Address}",
                "Use tcp:// addresses.");
        }

        var needsHttp = $"needs HTTP, and virtual server '{options.Id}' uses the cluster without";
        const string Remedy = "Use client, or a cluster of its own for the virtual server.";
        if (cluster.Persistence is { Key: not "client" })
        {
            clusterSection.Child("Persistence").Error("Key", needsHttp, Remedy);
        }

        if (cluster.Scheduler.Key is not (null or "client" or "sni"))
        {
            clusterSection.Child("Scheduler").Error("Key", needsHttp, Remedy);
        }
    }
}
