using System.Globalization;

namespace Gateway.Import.Haproxy;

/// <summary>Translates a backend: a cluster.</summary>
/// <param name="blueprint">Where the cluster is added.</param>
/// <param name="proxy">The backend.</param>
/// <param name="proxies">All proxies of the file.</param>
internal sealed class BackendImport(Blueprint blueprint, Proxy proxy, IReadOnlyList<Proxy> proxies)
{
    private readonly bool _isHttp = proxy.IsHttp;

    public void Translate()
    {
        (proxy.ClusterId, var cluster) = blueprint.AddCluster(
            proxy.Name, Blueprint.AtLine(proxy.Section.Line, $"{proxy.Section.Name} {proxy.Name}"));
        if (proxy.IsDisabled)
        {
            // What leads here is answered 503, as by haproxy.
            cluster.Section("Destinations");
            return;
        }

        Balance(cluster);
        Persistence(cluster);
        var servers = Servers(cluster);
        new CheckImport(proxy, servers, _isHttp).Translate(cluster);
        if (proxy.Find("balance")?.Value == "first")
        {
            InOrder(cluster);
        }

        if (servers.Select(server => server.Option("slowstart")).OfType<string>().Select(HaproxyTime.Parse).FirstOrDefault() is { } slowStart
            && slowStart > TimeSpan.Zero)
        {
            cluster.Set("SlowStart", slowStart < TimeSpan.FromHours(1) ? slowStart : TimeSpan.FromHours(1));
        }

        new BackendTimes(proxy, servers, _isHttp).Translate(cluster);
        if (_isHttp && servers.Exists(server => server.IsTls && server.AcceptsAnyCertificate))
        {
            cluster.Section("HttpClient").Set("DangerousAcceptAnyServerCertificate", true);
            foreach (var other in servers.Where(server => server.IsTls && !server.AcceptsAnyCertificate))
            {
                other.Line.Approximated("its certificate is not looked at, as one client connects to all servers of a cluster");
            }
        }
    }

    private List<ServerLine> Servers(Draft cluster)
    {
        var servers = new List<ServerLine>();
        var ports = FrontPorts();
        cluster.Section("Destinations");
        foreach (var line in proxy.All("default-server"))
        {
            // Of no effect when no server is below it, and then nobody else reads it.
            ServerWords.Read([], line, 1);
            line.Same();
        }

        foreach (var line in proxy.Section.Body.Where(line => line.Name is "server" or "server-template"))
        {
            var server = new ServerLine(line, proxy, _isHttp, ports);
            if (server.AddTo(cluster))
            {
                servers.Add(server);
            }
        }

        if (proxy.Option("allbackups") is null)
        {
            // Of several backups only the first that is up serves.
            foreach (var (rank, backup) in servers.Where(server => server.IsBackup).Index().Skip(1))
            {
                backup.Destination.Set("BackupRank", rank + 1);
            }
        }

        proxy.ProxyProtocol = servers.Select(server => server.ProxyProtocol).FirstOrDefault();
        proxy.ServerTls = _isHttp ? null : servers.Select(server => server.Tls).FirstOrDefault();
        foreach (var server in servers.Where(_ => !_isHttp))
        {
            if (server.ProxyProtocol != proxy.ProxyProtocol)
            {
                server.Line.Approximated("all servers get the PROXY protocol alike, as the first one does");
            }

            if (server.Tls != proxy.ServerTls)
            {
                server.Line.Impossible($"is spoken to {(proxy.ServerTls is null ? "without TLS" : "with TLS")} as the first server of the backend is: all are alike");
            }
        }

        return servers;
    }

    /// <summary>The ports that connections to the backend come to.</summary>
    private List<int> FrontPorts() => [.. proxies.Where(front => !front.IsDisabled && (front == proxy ? front.Section.Name == "listen" : front.LeadsTo(proxy.Name)))
        .SelectMany(BindAddress.Ports).Distinct()];

    private void Balance(Draft cluster)
    {
        var line = proxy.Find("balance");
        var hash = proxy.Find("hash-type");
        var isConsistent = hash?.Value == "consistent";
        var hashing = isConsistent ? "mh" : "sh";
        var word = line?.Value ?? "roundrobin";
        var argument = word is "url_param" or "hdr" ? line?.Word(2) : null;
        if (word.Contains('(', StringComparison.Ordinal))
        {
            argument = word[(word.IndexOf('(', StringComparison.Ordinal) + 1)..].TrimEnd(')');
            word = word[..word.IndexOf('(', StringComparison.Ordinal)];
        }

        var (policy, key, note) = word switch
        {
            "roundrobin" or "static-rr" => ("wrr", null, null),
            "leastconn" => ("wlc", null, null),
            "random" => ("twos", null, "the better of two servers drawn by weight"),
            "first" => ("fo", null, "the first server that is not full: weights fall in the order of the servers"),
            "source" => (hashing, "client", "another hash function: clients change their server once"),
            "uri" when _isHttp && line!.Has("whole") => (hashing, "uri", "another hash function"),
            "uri" when _isHttp => (hashing, "host+path", "another hash function, over host and path"),
            "url_param" when _isHttp && argument is not null => (hashing, $"query:{argument}", "another hash function"),
            "hdr" when _isHttp && argument is not null => (hashing, $"header:{argument}", "another hash function"),
            "hash" => (hashing, null, "clients are told apart by address, not by an expression"),
            _ => ("wlc", (string?)null, $"there is no '{word}'; wlc is used"),
        };
        if (key is not null && (key.Any(char.IsWhiteSpace) || key.Count(c => c == ':') > 1))
        {
            (policy, key, note) = ("wlc", null, "its argument is no name; wlc is used");
        }

        cluster.Set("LoadBalancingPolicy", policy);
        if (key is not null)
        {
            cluster.Section("Scheduler").Set("Key", key);
        }

        line?.Judge(note is null ? Verdict.Same : word == "random" ? Verdict.Same : Verdict.Approximated, note);
        hash?.Judge(policy is "sh" or "mh" ? Verdict.Approximated : Verdict.Same,
            policy is "sh" or "mh" ? isConsistent ? "mh: few clients move when servers come and go" : "sh: all clients may move when servers come and go"
                : "of no effect on this balance");
        if (proxy.Find("hash-balance-factor") is { } factor && Words.Whole(factor.Value) is { } percent)
        {
            if (percent > 100 && policy == "mh")
            {
                // A number that our configuration writes as text, as JSON has no exact fractions.
                cluster.Section("Scheduler").Set("BoundedLoad", (percent / 100.0).ToString(CultureInfo.InvariantCulture));
                factor.Same("BoundedLoad");
            }
            else
            {
                factor.Same("of no effect on this balance");
            }
        }
    }

    /// <summary>Cookies that name a server, and tables that remember a client.</summary>
    private void Persistence(Draft cluster)
    {
        var cookie = _isHttp ? proxy.Find("cookie") : null;
        if (cookie is { Words.Count: > 1 })
        {
            var name = blueprint.NewCookie(cookie.Value);
            var affinity = cluster.Section("SessionAffinity").Set("Enabled", true).Set("Policy", "HashCookie").Set("AffinityKeyName", name);
            affinity.Section("Cookie").Set("HttpOnly", true).Set("Path", "/");
            cookie.Approximated("Gateway sets a cookie with a value of its own"
                + (name == cookie.Value ? "" : $", named {name}, as names are used once"));
            Attributes(affinity.Section("Cookie"), cookie);
        }

        new StickImport(proxy, proxies).Translate(cluster, hasCookie: cookie is not null);
    }

    /// <summary>The attributes of the cookie; what else there is says who writes it, which is Gateway.</summary>
    private static void Attributes(Draft section, Statement cookie)
    {
        foreach (var word in (string[])["insert", "indirect", "nocache", "rewrite", "httponly"])
        {
            cookie.Has(word);
        }

        if (cookie.Has("secure"))
        {
            section.Set("SecurePolicy", "Always");
        }

        if (cookie.After("domain") is { Length: > 0 } domain && !domain.Any(c => c is <= ' ' or ';' or >= (char)127))
        {
            section.Set("Domain", domain);
        }

        if (HaproxyTime.Parse(cookie.After("maxlife") ?? "") is { } life && life > TimeSpan.Zero)
        {
            section.Set("MaxAge", life);
        }
    }

    private static void InOrder(Draft cluster)
    {
        var weight = cluster.Section("Destinations").Entries.Count;
        foreach (var entry in cluster.Section("Destinations").Entries)
        {
            ((Draft)entry.Value).Set("Weight", Math.Max(weight--, 1));
        }
    }
}
