using Gateway.Import.Ipvs;

namespace Gateway.Import.Ldirectord;

/// <summary>Translates ldirectord.cf(8): virtual services of IPVS with the checks of their real servers.</summary>
internal sealed class LdirectordImport(Blueprint blueprint, Statement global)
{
    private static readonly string[] _mail = ["emailalert", "emailalertfrom", "emailalertfreq", "emailalertstatus", "smtp"];

    public static IReadOnlyList<Statement> Read(SourceText text, Draft draft)
    {
        var file = LdirectordReader.Read(text);
        var global = new Statement(0, [], "");
        global.Body.AddRange(file.Where(statement => !statement.IsBlock));
        var import = new LdirectordImport(new Blueprint(draft), global);
        foreach (var service in file.Where(statement => statement.IsBlock))
        {
            import.Virtual(service);
        }

        foreach (var statement in file.SelectMany(top => top.All()).Where(statement => !statement.IsJudged))
        {
            Other(statement);
        }

        return file;
    }

    private void Virtual(Statement block)
    {
        var protocol = Protocol(block);
        var name = block.Value;
        var (host, portWord) = Words.Split(name);
        var port = Words.Port(portWord);
        var (id, cluster) = blueprint.AddCluster(Name(block), Blueprint.AtLine(block.Line, block.Text));
        var (serverId, server) = blueprint.AddVirtualServer(Name(block), protocol, id, Blueprint.AtLine(block.Line, block.Text));
        var scheduler = IpvsTerms.Scheduler(cluster, block.Last("scheduler")?.Value ?? "wrr", block.Last("scheduler"));
        if (block.Last("persistent") is { } persistent)
        {
            if (Words.Whole(persistent.Value) is { } seconds)
            {
                IpvsTerms.Persistence(cluster, seconds, persistent);
            }
            else
            {
                persistent.Approximated($"'{persistent.Value}' is no number of seconds; there is none");
            }
        }

        Flags(block, cluster, server, scheduler, protocol);

        if ((block.Last("netmask") ?? block.Last("netmask6")) is { } mask)
        {
            IpvsTerms.Granularity(cluster, mask.Value, mask);
        }

        cluster.Section("Destinations");
        var forwarding = new ForwardingWish();
        var check = new CheckImport(global, block, protocol, port);
        foreach (var real in block.Body.Where(statement => statement.Name is "real" or "real6"))
        {
            RealServers.Add(cluster, real, protocol, port, forwarding);
        }

        Fallback(block, cluster, protocol, port);
        var isOff = check.Translate(cluster);
        if (protocol == "udp")
        {
            server.Set("SessionTimeout", IpvsTerms.KernelUdpTimeout);
        }

        Listen(block, server, host, port, protocol, id, serverId, isOff);
        forwarding.Apply(server, cluster);
    }

    /// <summary>One-packet scheduling, and what schedulers are told.</summary>
    private static void Flags(Statement block, Draft cluster, Draft server, string scheduler, string protocol)
    {
        if (block.Last("ops") is { } ops)
        {
            if (ops.Value == "yes" && protocol == "udp")
            {
                server.Set("OnePacket", true);
            }

            ops.Judge(ops.Value is "yes" or "no" ? Verdict.Same : Verdict.Approximated,
                ops.Value is not ("yes" or "no") ? "is neither yes nor no; no is taken" : ops.Value == "yes" && protocol != "udp" ? "of no effect on tcp" : null);
        }

        if (block.Last("schedflags") is { } flags)
        {
            foreach (var flag in flags.Value.Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                IpvsTerms.Flag(cluster, scheduler, flag.Trim(), flags);
            }
        }
    }

    private static string Name(Statement block) => block.Last("servicename") is { } service
        ? LdirectordReader.Unquoted(service.Value) : block.Value;

    private static string Protocol(Statement block)
    {
        var statement = block.Last("protocol");
        var isDns = Words.Port(Words.Split(block.Value).Port) == 53;
        var word = statement?.Value ?? (block.Value.All(char.IsAsciiDigit) ? "fwm" : isDns ? "udp" : "tcp");
        if (statement is null && word == "udp")
        {
            block.Same("udp: the protocol of port 53 unless there is another one");
        }

        statement?.Judge(word is "tcp" or "udp" ? Verdict.Same : Verdict.Impossible,
            word is "tcp" or "udp" ? null : word == "fwm" ? "see the service" : $"'{word}' is neither tcp nor udp");
        return word == "udp" ? "udp" : "tcp";
    }

    private void Listen(
        Statement block, Draft server, string host, int? port, string protocol, string id, string serverId, bool isOff)
    {
        string? whyNot = null;
        if (block.Value.All(char.IsAsciiDigit))
        {
            whyNot = "a firewall mark is no address to listen on: write the addresses and ports that the packet filter marks";
        }
        else if (IpvsTerms.Listen(host, port, block) is { } listen)
        {
            server.Append("Listen", listen.ToString());
            whyNot = isOff ? "checktype is off, so that no server is ever used"
                : blueprint.Claim(listen, protocol, serverId) is { } owner ? $"{owner} listens there already" : null;
        }
        else
        {
            whyNot = "it has no port";
        }

        block.Same();
        if (whyNot is not null)
        {
            block.Judge(isOff ? Verdict.Same : Verdict.Impossible, port is null && block.Verdict == Verdict.Impossible ? "written as a comment" : whyNot + "; written as a comment");
            blueprint.Clusters.SwitchOff(id, whyNot);
            blueprint.VirtualServers.SwitchOff(serverId, whyNot);
        }
    }

    private void Fallback(Statement block, Draft cluster, string protocol, int? port)
    {
        var statement = block.Last("fallback") ?? block.Last("fallback6") ?? global.Last("fallback");
        if (statement is null)
        {
            return;
        }

        var words = statement.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var (host, portWord) = Words.Split(words.FirstOrDefault() ?? "");
        if ((portWord.Length > 0 ? Words.Port(portWord) : port) is { } number
            && Words.Destination(protocol, host, number) is { } address
            && Blueprint.AddDestination(cluster, "fallback", address) is { } added)
        {
            added.Destination.Set("Backup", true);
            statement.Same("serves while no real server is ready; it is probed like them");
            if (words.Length > 1)
            {
                statement.Approximated($"{string.Join(' ', words.Skip(1))}: the fallback is forwarded to as the real servers are");
            }
        }
        else
        {
            statement.Impossible("is no address, or one of the real servers");
        }
    }

    private static void Other(Statement statement)
    {
        // What is said here is said of the whole directive.
        statement.Rest(1);
        switch (statement.Name)
        {
            case "autoreload":
                statement.Same("the file is always watched");
                break;
            case "quiescent":
                statement.Same("a server that is down gets nothing new, and its connections go on");
                break;
            case "servicename" or "comment":
                statement.Same("names the service");
                break;
            case "logfile" or "supervised" or "fork" or "cleanstop" or "readdquiescent" or "execute":
                statement.Same("of the program ldirectord");
                break;
            case "callback" or "fallbackcommand":
                statement.Impossible("no program is run");
                break;
            case "maintenancedir":
                statement.Impossible("files put no server into maintenance");
                break;
            case "monitorfile":
                statement.Impossible("there is one log");
                break;
            case "fallback" or "persistent" or "netmask" or "scheduler" or "checktype" or "service" or "checktimeout" or "negotiatetimeout"
                or "checkinterval" or "failurecount" or "httpmethod" or "virtualhost" or "request" or "receive" or "checkcommand"
                or "checkport" or "checkcount":
                statement.Same("of no effect here");
                break;
            case var name when _mail.Contains(name):
                statement.Impossible("Gateway sends no mail: alert on its metrics");
                break;
        }
    }
}
