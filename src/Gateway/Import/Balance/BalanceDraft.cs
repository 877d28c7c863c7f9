using System.Net;

namespace Gateway.Import.Balance;

/// <summary>Writes what a call of balance does as a configuration.</summary>
internal static class BalanceDraft
{
    private const string Name = "balance";

    /// <summary>How long a channel is disabled that balance would disable until somebody enables it.</summary>
    private static readonly TimeSpan _disabled = TimeSpan.FromDays(1);

    /// <summary>Adds a virtual server, or with HTTP an endpoint and a route, and the cluster behind it.</summary>
    /// <returns>What differs from balance.</returns>
    public static IEnumerable<(Verdict Verdict, string Note)> Write(BalanceCall call, Blueprint blueprint, string comment)
    {
        var remarks = call.Remarks.ToList();
        var listen = new IPEndPoint(Words.Address(call.Address ?? (call.IsIPv6 ? "::" : "0.0.0.0"))!, call.Port);
        if (call.IsHttp ? blueprint.AddEndpoint(listen, isTls: false, Name, out _) is null : blueprint.Claim(listen, "tcp", Name) is not null)
        {
            return [.. remarks, (Verdict.Impossible, "another call listens there already")];
        }

        var (clusterId, cluster) = blueprint.AddCluster(Name, comment);
        Scheduler(call, cluster, remarks);
        var backups = 0;
        foreach (var (index, group) in call.Groups.Index())
        {
            foreach (var channel in group.Channels)
            {
                backups += Add(call, cluster, channel, rank: index, remarks) && index > 0 ? 1 : 0;
            }
        }

        if (call.DisablesFailed)
        {
            cluster.Section("PassiveCheck")
                .Set("Failures", 1).Set("Ejection", _disabled).Set("LongestEjection", _disabled).Set("MostEjected", 100);
            remarks.Add((Verdict.Approximated,
                "-a: a channel that fails is disabled for a day or until 'gateway up', and the last one never"));
        }

        if (call.Groups.Skip(1).Any(group => group.IsHash != call.Groups[0].IsHash) && call.Scheduler is null && backups > 0)
        {
            remarks.Add((Verdict.Approximated, "all groups are scheduled as the first one is"));
        }

        if (call.IsHttp)
        {
            Http(call, blueprint, clusterId, cluster);
        }
        else
        {
            Relay(call, blueprint, clusterId, listen);
        }

        return remarks;
    }

    private static void Scheduler(BalanceCall call, Draft cluster, List<(Verdict, string)> remarks)
    {
        var isHash = call.Groups[0].IsHash;
        cluster.Set("LoadBalancingPolicy", call.Scheduler ?? (isHash ? "sh" : "rr"));
        if (call.Scheduler is null && isHash)
        {
            // Whose channel cannot serve goes to the next group in balance, which a hash that refuses would not let happen.
            var isLast = call.Groups.Count == 1;
            cluster.Section("Scheduler").Set("Key", "client").Set("Fallback", call.HashFailsOver || !isLast);
            if (!call.HashFailsOver && !isLast)
            {
                remarks.Add((Verdict.Approximated,
                    "a client whose channel cannot serve goes to another one of its group, and to the next group when none of them can"));
            }
        }
    }

    private static bool Add(
        BalanceCall call, Draft cluster, BalanceChannel channel, int rank, List<(Verdict, string)> remarks)
    {
        var address = Words.Destination(call.IsHttp ? "http" : "tcp", channel.Host, channel.Port)!;
        if (Blueprint.AddDestination(cluster, $"{channel.Host}:{channel.Port}", address) is not { } added)
        {
            remarks.Add((Verdict.Approximated, $"{channel.Host}:{channel.Port} is used once, where it is named first"));
            return false;
        }

        if (channel.Limit > 0)
        {
            added.Destination.Set("MaxConnections", channel.Limit);
        }

        if (rank > 0)
        {
            added.Destination.Set("Backup", true);
        }

        if (rank > 1)
        {
            added.Destination.Set("BackupRank", rank);
        }

        return true;
    }

    private static void Relay(BalanceCall call, Blueprint blueprint, string clusterId, IPEndPoint listen)
    {
        var (_, server) = blueprint.AddVirtualServer(Name, "tcp", clusterId, "");
        server.Append("Listen", listen.ToString());
        if (call.Source is { } source)
        {
            server.Append("SourceAddresses", source);
        }

        server.Set("ConnectTimeout", call.ConnectTimeout).Set("IdleTimeout", call.IdleTimeout);
    }

    private static void Http(BalanceCall call, Blueprint blueprint, string clusterId, Draft cluster)
    {
        cluster.Set("ConnectTimeout", call.ConnectTimeout);
        if (call.IdleTimeout > TimeSpan.Zero)
        {
            cluster.Section("HttpRequest").Set("ActivityTimeout", call.IdleTimeout);
        }

        var id = blueprint.Routes.NewKey(Name);
        var route = blueprint.Routes.Section(id).Set("ClusterId", clusterId);
        route.Section("Match").Set("Path", "{**catch-all}");
        // The servers see the name the client asked for.
        route.Append("Transforms").Set("RequestHeaderOriginalHost", "true");
    }
}
