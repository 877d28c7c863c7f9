using System.Globalization;
using System.Net;
using Gateway.Import.Ipvs;

namespace Gateway.Import.Keepalived;

/// <summary>Translates one <c>virtual_server</c>: a virtual server with its cluster.</summary>
internal sealed class VirtualServerImport(
    Blueprint blueprint, Statement block, IReadOnlyDictionary<string, VirtualServerGroup> groups)
{
    private const int DefaultPersistence = 360;

    private readonly ForwardingWish _forwarding = new();
    private Draft _cluster = new();
    private string _protocol = "tcp";
    private string _scheduler = "wlc";

    public void Translate()
    {
        block.Same();
        Misplaced();
        var name = string.Join(' ', block.Arguments);
        _protocol = Protocol();
        (var id, _cluster) = blueprint.AddCluster(Id(), Blueprint.AtLine(block.Line, $"virtual_server {name}"));
        var (serverId, server) = blueprint.AddVirtualServer(Id(), _protocol, id, Blueprint.AtLine(block.Line, $"virtual_server {name}"));
        var scheduler = LastOf("lvs_sched", "lb_algo");
        _scheduler = IpvsTerms.Scheduler(_cluster, scheduler?.Value ?? "wlc", scheduler);
        Persistence();
        var listen = EndPoints();
        int? port = listen.Count > 0 ? listen[0].Port : null;
        var servers = Servers(port);
        new CheckerImport(block, servers).Translate(_cluster);
        SorryServer(port);
        if (_protocol == "udp")
        {
            server.Set("SessionTimeout", IpvsTerms.KernelUdpTimeout);
        }

        foreach (var statement in block.Body.Where(statement => !statement.IsJudged))
        {
            Other(statement, server);
        }

        Listen(listen, server, id, serverId);
        _forwarding.Apply(server, _cluster);
    }

    /// <summary>Words before a block on its line. keepalived reads the first of them and takes the brace for a mistake: what stands in
    /// it belongs to the block around, which ends at its closing brace.</summary>
    private void Misplaced()
    {
        foreach (var inner in block.Body.Where(inner => inner.IsBlock && inner.Name != "real_server"))
        {
            inner.JudgeAll(Verdict.Impossible, inner.Words.Contains("real_server")
                ? $"keepalived reads '{inner.Name}' here, passes over the rest of the line, and takes the brace for a mistake: write one keyword on a line"
                : "keepalived knows no such block in a virtual_server");
        }
    }

    /// <summary>The last directive of either name, which mean the same; the others are told to be overridden by it.</summary>
    private Statement? LastOf(string one, string other)
    {
        var both = block.Body.Where(statement => statement.Name == one || statement.Name == other).ToList();
        foreach (var earlier in both.SkipLast(1))
        {
            earlier.Whole(Verdict.Same, string.Create(CultureInfo.InvariantCulture, $"line {both[^1].Line} overrides it"));
        }

        return both.LastOrDefault();
    }

    private string Protocol()
    {
        if (block.Last("protocol") is not { } statement)
        {
            // The kernel's default, which keepalived (2.2) says in its log.
            block.Remark(block.Words.ElementAtOrDefault(1) == "fwmark" ? null : "names no protocol, which is UDP to keepalived");
            return "udp";
        }

        var word = statement.Value.ToLowerInvariant();
        if (word is "tcp" or "udp")
        {
            statement.Same();
            return word;
        }

        statement.Impossible($"Gateway relays no {statement.Value}; tcp is used");
        return "tcp";
    }

    private string Id() => block.Value == "group" ? block.Word(2) ?? "group" : string.Join('-', block.Arguments);

    private void Persistence()
    {
        if (block.Last("persistence_timeout") is { } timeout)
        {
            var seconds = timeout.Words.Count > 1 ? Words.Number(timeout.Value) : DefaultPersistence;
            if (seconds is null)
            {
                timeout.Approximated($"'{timeout.Value}' is no number of seconds; {DefaultPersistence} are used");
            }

            IpvsTerms.Persistence(_cluster, seconds ?? DefaultPersistence, timeout);
        }

        if (block.Last("persistence_granularity") is { } granularity)
        {
            IpvsTerms.Granularity(_cluster, granularity.Value, granularity);
        }
    }

    private IReadOnlyList<IPEndPoint> EndPoints()
    {
        switch (block.Value)
        {
            case "group" when groups.TryGetValue(block.Word(2) ?? "", out var group):
                return group.EndPoints();
            case "group":
                block.Impossible("there is no such group");
                return [];
            case "fwmark":
                block.Impossible("a firewall mark is no address to listen on: write the addresses and ports that the packet filter marks");
                return [];
            default:
                var port = Words.Port(block.Word(2) ?? "");
                return IpvsTerms.Listen(block.Value, port, block) is { } endPoint ? [endPoint] : [];
        }
    }

    private void Listen(IReadOnlyList<IPEndPoint> endPoints, Draft server, string id, string serverId)
    {
        var free = endPoints.Where(endPoint => blueprint.Claim(endPoint, _protocol, serverId) is null).ToList();
        if (free.Count < endPoints.Count)
        {
            block.Impossible("another virtual server listens on its address and port already");
        }

        server.Set("Listen", free.Select(endPoint => endPoint.ToString()));
        if (free.Count == 0)
        {
            const string Reason = "It has no address of its own to listen on.";
            blueprint.Clusters.SwitchOff(id, Reason);
            blueprint.VirtualServers.SwitchOff(serverId, Reason);
            block.Remark("written as a comment");
        }
    }

    private List<RealServer> Servers(int? port)
    {
        var servers = new List<RealServer>();
        _cluster.Section("Destinations");
        foreach (var statement in block.Body.Where(statement => statement.Name == "real_server" && statement.IsBlock))
        {
            var server = new RealServer(statement, _protocol, port, _forwarding);
            if (server.AddTo(_cluster))
            {
                servers.Add(server);
            }
        }

        return servers;
    }

    private void SorryServer(int? port)
    {
        if (block.Last("sorry_server") is not { } statement)
        {
            return;
        }

        var number = Words.Port(statement.Word(2) ?? "") ?? port ?? 1;
        if (Words.Destination(_protocol, statement.Value, number) is { } address
            && Blueprint.AddDestination(_cluster, "sorry", address) is { } sorry)
        {
            sorry.Destination.Set("Backup", true);
            statement.Same("serves while no real server is ready; it is probed like them");
        }
        else
        {
            statement.Impossible("is no address, or one of the real servers");
        }
    }

    /// <summary>What kind of tunnel is wanted does not matter where there is none.</summary>
    internal static void Tunnel(Statement method)
    {
        if (string.Equals(method.Value, "TUN", StringComparison.OrdinalIgnoreCase))
        {
            method.Rest(2);
        }
    }

    private void Other(Statement statement, Draft server)
    {
        switch (statement.Name)
        {
            case "lb_algo" or "lvs_sched":
                statement.Whole(Verdict.Same, "another line overrides it");
                break;
            case "lb_kind" or "lvs_method":
                Tunnel(statement);
                _forwarding.Add(statement.Value.ToUpperInvariant() switch { "DR" => "direct", "TUN" => "tunnel", _ => "nat" }, statement);
                break;
            case "sh-port" or "sh-fallback" or "mh-port" or "mh-fallback" or "flag-1" or "flag-2" or "flag-3":
                IpvsTerms.Flag(_cluster, _scheduler, statement.Name, statement);
                break;
            case "hashed":
                IpvsTerms.Flag(_cluster, _scheduler, "flag-1", statement);
                break;
            case "ops" when _protocol == "udp":
                server.Set("OnePacket", true);
                statement.Same();
                break;
            case "ops":
                statement.Same("of no effect on tcp");
                break;
            case "quorum" when Words.Whole(statement.Value) is >= 1 and <= 65535 and var quorum:
                if (quorum > 1)
                {
                    _cluster.Set("MinReady", quorum);
                }

                statement.Judge(quorum > 1 ? Verdict.Approximated : Verdict.Same, quorum > 1
                    ? "MinReady: servers are counted and not their weights, and the sorry server serves beside those that are ready" : null);
                break;
            case "hysteresis" when statement.Value is "0":
                statement.Same();
                break;
            case "hysteresis":
                statement.Approximated("the quorum is lost and regained at one number");
                break;
            case "quorum":
                statement.Approximated("is not from 1 to 65535; 1 is used");
                break;
            case "quorum_up" or "quorum_down":
                statement.Impossible("no script is run");
                break;
            case "inhibit_on_failure":
                _ = statement.Value;
                statement.Same("a server that is down gets nothing new, and its connections go on");
                break;
            case "sorry_server_inhibit" or "sorry_server_lvs_method":
                statement.Whole(Verdict.Same, "the sorry server is an ordinary destination that waits");
                break;
            case "smtp_alert":
                statement.Impossible("Gateway sends no mail: alert on its metrics");
                break;
            case "persistence_engine":
                statement.Whole(Verdict.Approximated, "clients are known by address");
                break;
            case "ha_suspend":
                statement.Whole(Verdict.Approximated, "servers are probed whether the address is here or not");
                break;
            case "omega":
                statement.Impossible("nothing is run at the end");
                break;
            case "ip_family":
                statement.Whole(Verdict.Same, "the addresses say it");
                break;
            case "snmp_name":
                statement.Impossible("Gateway speaks no SNMP; its metrics have the id");
                break;
        }
    }
}
