namespace Gateway.Import.Keepalived;

/// <summary>Translates keepalived.conf(5): its virtual servers and their checkers. What it does for addresses between nodes
/// (VRRP) is not balancing, and keepalived may go on doing it beside Gateway.</summary>
internal static class KeepalivedImport
{
    private static readonly BlockSyntax _syntax = new(EndsAtLine: true, Comments: "#!", Quotes: "\"");

    private static readonly string[] _typical =
        ["virtual_server", "real_server", "global_defs", "vrrp_instance", "vrrp_script", "vrrp_sync_group", "delay_loop", "lb_algo",
         "lvs_sched", "lb_kind", "lvs_method", "TCP_CHECK", "HTTP_GET", "SSL_GET", "MISC_CHECK", "SMTP_CHECK", "UDP_CHECK", "PING_CHECK",
         "DNS_CHECK", "connect_timeout", "persistence_timeout", "virtual_ipaddress", "virtual_router_id", "virtual_server_group",
         "quorum", "sorry_server", "delay_before_retry", "retry", "connect_port", "misc_path", "misc_timeout", "inhibit_on_failure"];

    private static readonly string[] _vrrp =
        ["vrrp_instance", "vrrp_sync_group", "vrrp_script", "vrrp_track_process", "track_group", "static_ipaddress", "static_routes",
         "static_rules", "garp_group", "bfd_instance", "linkbeat_interfaces", "linkbeat_use_polling", "interface_up_down_delays",
         "vrrp_track_file", "net_namespace", "net_namespace_ipvs", "instance", "use_pid_dir", "child_wait_time"];

    public static double Likeness(SourceText text) =>
        ImportFormats.ShareOfLines(text, line => _typical.Contains(line.Split(' ', '\t', '{')[0]) || line == "}");

    public static IReadOnlyList<Statement> Read(SourceText text, Draft draft)
    {
        var file = BlockReader.Read(text, _syntax);
        var blueprint = new Blueprint(draft);
        var groups = file.Where(top => top.Name == "virtual_server_group").GroupBy(top => top.Value)
            .ToDictionary(group => group.Key, group => new VirtualServerGroup(group.Last()));
        foreach (var top in file)
        {
            switch (top.Name)
            {
                case "virtual_server":
                    new VirtualServerImport(blueprint, top, groups).Translate();
                    break;
                case "virtual_server_group":
                    break;
                case "global_defs":
                    Globals(top);
                    break;
                case "SSL":
                    top.JudgeAll(Verdict.Impossible, "probes show no certificate of their own");
                    break;
                case "include" or "include_b" or "include_r" or "include_w" or "include_m" or "includea" or "includew":
                    top.Impossible("other files are not read: put them together, or import each");
                    break;
                case var name when _vrrp.Contains(name):
                    top.JudgeAll(Verdict.Impossible, "moves addresses between nodes; keepalived can go on doing this beside Gateway");
                    break;
                case var name when name.StartsWith('$') || name.StartsWith('@'):
                    top.JudgeAll(Verdict.Impossible, "parameters and conditions are not carried out: import what keepalived makes of them");
                    break;
            }
        }

        foreach (var unused in groups.Values)
        {
            unused.JudgeUnused();
        }

        foreach (var statement in file.SelectMany(top => top.All()).Where(statement => statement.IsJudged && statement.Verdict != Verdict.Impossible))
        {
            foreach (var rest in statement.Unread)
            {
                statement.Same($"keepalived passes over the rest of the line, '{rest}', and so does this");
            }

            statement.Rest(1);
        }

        return file;
    }

    private static void Globals(Statement block)
    {
        foreach (var statement in block.Body)
        {
            statement.JudgeAll(Verdict.Impossible, statement.Name switch
            {
                "notification_email" or "notification_email_from" or "smtp_server" or "smtp_helo_name" or "smtp_connect_timeout"
                    or "smtp_alert" or "smtp_alert_checker" => "Gateway sends no mail: alert on its metrics",
                var name when name.StartsWith("vrrp", StringComparison.Ordinal) || name.StartsWith("lvs_sync", StringComparison.Ordinal)
                    || name is "router_id" => "belongs to nodes that share addresses",
                var name when name.Contains("script", StringComparison.Ordinal) => "no script is run",
                _ => "is a setting of the program keepalived",
            });
        }

        block.Same("of the program keepalived");
    }
}
