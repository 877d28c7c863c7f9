namespace Gateway.Import.LvsCf;

/// <summary>Translates the lvs.cf of piranha, the configuration of pulse, lvsd and nanny.</summary>
/// <remarks>
/// A virtual becomes a virtual server with a cluster of its own, and nanny's check a probe of kind tcp with the same
/// texts: it compares bytes of the stream, which no probe of kind http does. Meanings and defaults are those of piranha 0.8.6's
/// sources, not those of its manual where the two differ.
/// </remarks>
internal sealed class LvsCfImport
{
    private readonly Blueprint _blueprint;
    private readonly Directives _global;
    private readonly string _network;
    private readonly List<(string Name, Verdict Verdict, string Note)> _forwardings = [];

    private LvsCfImport(Blueprint blueprint, IReadOnlyList<Statement> file)
    {
        _blueprint = blueprint;
        _global = new Directives(file);
        _network = _global.Word("network") ?? "nat";
    }

    public static IReadOnlyList<Statement> Read(SourceText text, Draft draft)
    {
        var file = LvsCfReader.Read(text);
        var import = new LvsCfImport(new Blueprint(draft), file);
        import.Globals();
        foreach (var statement in file)
        {
            if (statement.Name == "virtual" && statement.IsBlock)
            {
                import.Virtual(statement);
            }
            else if (statement.Name == "failover")
            {
                statement.JudgeAll(Verdict.Impossible, "failover services (service = fos) are services of one machine that moves, not balancing");
            }
            else if (statement.Name == "server")
            {
                statement.JudgeAll(Verdict.Impossible, "a server outside of a virtual serves nothing");
            }
        }

        import.Forwardings();
        foreach (var statement in file.SelectMany(top => top.All()).Where(s => !s.IsJudged && s.Name is "debug" or "log_file" or "nmask"))
        {
            statement.Whole(Verdict.Same, "piranha refuses it or does nothing with it");
        }

        return file;
    }

    private void Globals()
    {
        _global.Judge(Verdict.Same, "a change counter of the GUI; versions are told apart by their content", "serial_no");
        _global.Judge(Verdict.Same, "a level for piranha's own log; see Logging:LogLevel", "debug_level");
        if (_global["service"] is { } service)
        {
            if (_global.Word("service") == "fos")
            {
                service.Approximated("piranha would run the failover blocks only; the virtual blocks are imported all the same");
            }
            else
            {
                service.Same();
            }
        }

        Network();
        Pair();
        Timeouts();
        _global.Judge(Verdict.Same, "probes run inside Gateway and need no shell on a server", "rsh_command");
        _global.Judge(Verdict.Same, "defunct in piranha too", "sync");
        _global.Judge(Verdict.Same, "there is no other program to call", "ipvsadm");
        _global.Judge(Verdict.Same, "a probe that fails to run never ends the balancing", "hard_shutdown");
        _global.Judge(Verdict.Impossible, "shared disks of failover services", "primary_shared", "backup_shared", "reservation_conflict_action");
        _global.Judge(Verdict.Impossible, "nothing is run when a node becomes active, as there is one node", "active_cmd", "inactive_cmd");
    }

    private void Network()
    {
        if (_network is not ("nat" or "direct" or "tunnel"))
        {
            _global["network"]?.Approximated("no method of piranha; Forwarding is relay");
        }

        // The way of the servers back to the clients; with the relay they need none.
        _global.Judge(_network == "nat" ? Verdict.Approximated : Verdict.Same,
            _network == "nat" ? "Gateway does not put it on an interface: the system must have it, where servers are to be forwarded to by the kernel"
                : "of no effect without network = nat", "nat_router", "nat_nmask");
    }

    /// <summary>Primary and backup, heartbeat and take-over.</summary>
    private void Pair()
    {
        string[] names =
        [
            "primary", "primary_private", "backup", "backup_active", "backup_private", "heartbeat", "heatbeart", "heartbeat_port",
            "keepalive", "deadtime", "monitor_links", "syncdaemon", "syncd_iface", "syncd_id",
        ];
        _global["heatbeart"]?.Remark("the spelling of an old version of piranha for heartbeat");
        var hasBackup = _global.Flag("backup_active", false) && _global.Word("backup") is { } backup && backup != "0.0.0.0";
        foreach (var name in names)
        {
            _global.Judge(
                hasBackup ? Verdict.Impossible : Verdict.Same,
                hasBackup ? "Gateway is one node; move its address between two with VRRP (keepalived)"
                    : "of no effect without an active backup", name);
        }
    }

    private void Timeouts()
    {
        foreach (var name in (string[])["tcp_timeout", "tcpfin_timeout", "udp_timeout"])
        {
            if (_global[name] is { } statement)
            {
                if (_global.Number(name, 0) <= 0)
                {
                    statement.Same("0 keeps the kernel's value");
                }
                else
                {
                    statement.Same(name switch
                    {
                        "tcp_timeout" => "IdleTimeout of each virtual server",
                        "tcpfin_timeout" => "HalfClosedTimeout of each virtual server: from the first half that closes, not the last",
                        _ => "SessionTimeout of each virtual server",
                    });
                }
            }
        }
    }

    private void Virtual(Statement block) =>
        new VirtualServerImport(_blueprint, block, Timeout("tcp_timeout"), Timeout("tcpfin_timeout"), Timeout("udp_timeout"))
            .Translate(_global["network"], _network, (name, verdict, note) => _forwardings.Add((name, verdict, note)));

    /// <summary>What became of <c>network</c>: one note where all virtuals fare alike, else one for each way, with the virtuals' names.
    /// </summary>
    private void Forwardings()
    {
        if (_global["network"] is not { } network)
        {
            return;
        }

        var ways = _forwardings.GroupBy(way => (way.Verdict, way.Note)).ToList();
        foreach (var way in ways)
        {
            network.Judge(way.Key.Verdict, ways.Count == 1 ? way.Key.Note : $"{string.Join(", ", way.Select(one => one.Name))}: {way.Key.Note}");
        }

        if (!network.IsJudged)
        {
            network.Same("there is no virtual to forward for");
        }
    }

    private TimeSpan? Timeout(string name) => _global.Number(name, 0) is > 0 and var seconds ? Words.Seconds(seconds) : null;
}
