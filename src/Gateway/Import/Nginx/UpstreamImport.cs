namespace Gateway.Import.Nginx;

/// <summary>Translates an <c>upstream</c>: a cluster.</summary>
internal static class UpstreamImport
{
    private const int LargestWeight = 65535;

    /// <param name="blueprint">Where the cluster is added.</param>
    /// <param name="block">The upstream.</param>
    /// <param name="scheme">http, https, tcp or udp, as those say who pass requests to it.</param>
    /// <param name="statuses">Statuses that count against a server.</param>
    public static string Translate(Blueprint blueprint, Statement block, string scheme, IReadOnlyList<string> statuses)
    {
        block.Same();
        var (id, cluster) = blueprint.AddCluster(block.Value, Blueprint.AtLine(block.Line, block.Text));
        cluster.Set("LoadBalancingPolicy", "wrr");
        foreach (var statement in block.Body)
        {
            switch (statement.Name)
            {
                case "server":
                    Server(cluster, statement, scheme);
                    break;
                case "least_conn":
                    cluster.Set("LoadBalancingPolicy", "wlc");
                    statement.Same();
                    break;
                case "ip_hash":
                    cluster.Set("LoadBalancingPolicy", "sh").Section("Scheduler").Set("Key", "client").Set("Mask4", 24);
                    statement.Approximated("another hash, over the same three parts of an IPv4 address, or a whole IPv6 one");
                    break;
                case "random":
                    var isTwo = statement.Has("two");
                    _ = statement.Has("least_conn");
                    cluster.Set("LoadBalancingPolicy", isTwo ? "twos" : "Random");
                    statement.Judge(isTwo ? Verdict.Same : Verdict.Approximated, isTwo ? null : "drawn without weights");
                    break;
                case "hash":
                    Hash(cluster, statement, isHttp: scheme.StartsWith("http", StringComparison.Ordinal));
                    break;
                case "keepalive" or "keepalive_requests" or "keepalive_time" or "keepalive_timeout":
                    statement.Whole(Verdict.Same, "connections to servers are kept and shared by themselves");
                    break;
                case "zone":
                    statement.Whole(Verdict.Same, "all threads share the state of a cluster");
                    break;
                case "queue" or "sticky" or "ntlm" or "state" or "resolver" or "least_time":
                    statement.Impossible("Gateway has no such directive of clusters");
                    break;
            }
        }

        UpstreamFailures.Translate(cluster, block, scheme, statuses);
        cluster.Section("Destinations");
        return id;
    }

    private static void Server(Draft cluster, Statement statement, string scheme)
    {
        var words = statement.Rest(2);
        var (host, portWord) = Words.Split(statement.Value);
        var isHttp = scheme.StartsWith("http", StringComparison.Ordinal);
        var port = portWord.Length > 0 ? Words.Port(portWord) : isHttp ? 80 : null;
        var service = words.FirstOrDefault(word => word.StartsWith("service=", StringComparison.Ordinal))?["service=".Length..];
        if (service is { Length: > 0 })
        {
            // A service without dots is written as RFC 2782 has it.
            host = (service.Contains('.', StringComparison.Ordinal) ? service : $"_{service.TrimStart('_')}._tcp") + "." + host;
            port ??= 1;
        }

        if (port is not { } number || Words.Destination(scheme, host, number) is not { } address
            || Blueprint.AddDestination(cluster, statement.Value, address) is not { } added)
        {
            statement.Impossible(statement.Value.StartsWith("unix:", StringComparison.Ordinal) ? "sockets of the file system are not connected to"
                : "is no host and port, or is there twice");
            return;
        }

        statement.Same();
        if (service is { Length: > 0 })
        {
            added.Destination.Set("Resolve", "srv");
        }

        foreach (var word in words)
        {
            var (name, value) = word.Split('=', 2) is [var before, var after] ? (before, after) : (word, "");
            switch (name)
            {
                case "weight" when Words.Whole(value) is > 0 and <= LargestWeight and var weight:
                    added.Destination.Set("Weight", weight);
                    break;
                case "max_conns" when Words.Whole(value) is >= 0 and <= int.MaxValue and var limit:
                    added.Destination.Set("MaxConnections", limit);
                    break;
                case "backup" when value.Length == 0:
                    added.Destination.Set("Backup", true);
                    break;
                case "down" when value.Length == 0:
                    cluster.Section("Destinations").SwitchOff(added.Id, Blueprint.AtLine(statement.Line, "down"));
                    break;
                case "resolve" when value.Length == 0:
                    statement.Same("Resolve: each address of the name is a destination, looked up again as the answer expires");
                    break;
                case "service" when value.Length > 0:
                    statement.Same("Resolve srv: each host of the service is a destination, with the weight and priority of its record");
                    break;
                case "slow_start" when NginxTime.Parse(value) is { } time && time <= TimeSpan.FromHours(1):
                    cluster.Set("SlowStart", time);
                    statement.Approximated("SlowStart of the cluster, for all its servers");
                    break;
                case "max_fails" or "fail_timeout" when UpstreamFailures.IsLimit(name, value):
                    break;
                default:
                    statement.Approximated($"'{word}' is left out: it has no counterpart");
                    break;
            }
        }
    }

    private static void Hash(Draft cluster, Statement statement, bool isHttp)
    {
        var name = statement.Value.TrimStart('$').Trim('{', '}');
        var key = name switch
        {
            "remote_addr" or "binary_remote_addr" => "client",
            "request_uri" when isHttp => "uri",
            "uri" when isHttp => "host+path",
            "host" or "http_host" when isHttp => "host",
            _ when isHttp && name.StartsWith("cookie_", StringComparison.Ordinal) => "cookie:" + name[7..],
            _ when isHttp && name.StartsWith("arg_", StringComparison.Ordinal) => "query:" + name[4..],
            _ when isHttp && name.StartsWith("http_", StringComparison.Ordinal) => "header:" + name[5..].Replace('_', '-'),
            _ => null,
        };
        if (key is not null && (key.EndsWith(':') || key.Any(c => char.IsWhiteSpace(c) || c == '$') || key.Count(c => c == ':') > 1))
        {
            key = null;
        }

        cluster.Set("LoadBalancingPolicy", statement.Has("consistent") ? "mh" : "sh");
        cluster.Section("Scheduler").Set("Key", key ?? "client");
        statement.Approximated(key is null ? $"'{statement.Value}' is nothing that can be hashed; the client's address is"
            : "another hash function: clients change their server once");
    }
}
