using System.Globalization;
using System.Net;

namespace Gateway.Import.Ipvs;

/// <summary>Translates a saved table of IPVS (ipvsadm(8)): services and their real servers, without probes, as IPVS has none.</summary>
internal sealed class IpvsadmImport
{
    private readonly Blueprint _blueprint;
    private readonly Dictionary<string, Service> _services = new(StringComparer.OrdinalIgnoreCase);
    private string[] _timeouts = [];

    private sealed record Service(string Id, string ServerId, Draft Cluster, Draft Server, string Protocol, int? Port, bool IsOff, ForwardingWish Forwarding);

    private IpvsadmImport(Blueprint blueprint) => _blueprint = blueprint;

    public static IReadOnlyList<Statement> Read(SourceText text, Draft draft)
    {
        var commands = IpvsadmReader.Read(text);
        var import = new IpvsadmImport(new Blueprint(draft));
        foreach (var command in commands)
        {
            import.Take(command);
        }

        import.Timeouts();
        return commands;
    }

    private void Take(Statement command)
    {
        switch (command.Name)
        {
            case "-A" or "--add-service":
                AddService(command, IpvsadmOptions.Of(command));
                break;
            case "-a" or "--add-server":
                AddServer(command, IpvsadmOptions.Of(command));
                break;
            case "--set" when command.Words.Count == 4:
                _timeouts = [.. command.Arguments];
                command.Same("IdleTimeout, HalfClosedTimeout and SessionTimeout of the virtual servers; 0 is as before");
                break;
            case "-C" or "--clear":
                command.Same("there is nothing before the first line");
                break;
            case "--start-daemon":
                command.Impossible("connections are not copied to another node");
                break;
            default:
                command.Impossible("is no command that adds a service or a server; save the table with 'ipvsadm-save -n'");
                break;
        }
    }

    private void AddService(Statement command, IpvsadmOptions options)
    {
        var name = options.Service is { } service ? service : "";
        if (name.Length == 0 || _services.ContainsKey(options.Key))
        {
            command.Impossible(name.Length == 0 ? "names no service" : "the service is there already");
            return;
        }

        var (id, cluster) = _blueprint.AddCluster(NameOf(options), Blueprint.AtLine(command.Line, $"{options.ServiceFlag} {name}"));
        var (serverId, server) = _blueprint.AddVirtualServer(
            NameOf(options), options.Protocol, id, Blueprint.AtLine(command.Line, $"{options.ServiceFlag} {name}"));
        var scheduler = IpvsTerms.Scheduler(cluster, options.Value("-s") ?? "wlc", command);
        if (scheduler is "sh" or "mh" or "dh")
        {
            // The kernel refuses what hashes to a server of weight 0, unless sh and mh are told otherwise.
            cluster.Section("Scheduler").Set("Fallback", false);
        }

        foreach (var flag in options.Value("-b")?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            IpvsTerms.Flag(cluster, scheduler, flag, command);
        }

        if (options.Has("-p"))
        {
            IpvsTerms.Persistence(cluster, Words.Whole(options.Value("-p") ?? "300") ?? 300, command);
        }

        if (options.Value("-M") is { } mask)
        {
            IpvsTerms.Granularity(cluster, mask, command);
        }

        if (options.Has("-o"))
        {
            OnePacket(server, options, command);
        }

        if (options.Value("--pe") is { } engine)
        {
            command.Approximated($"clients are known by address, not by what {engine} says");
        }

        options.TellRest(command);
        var port = Listen(command, options, server, id, serverId);
        _services[options.Key] = new Service(id, serverId, cluster, server, options.Protocol, port,
            _blueprint.Clusters.IsOff(id), new ForwardingWish());
        cluster.Section("Destinations");
    }

    private static void OnePacket(Draft server, IpvsadmOptions options, Statement command)
    {
        if (options.Protocol == "udp")
        {
            server.Set("OnePacket", true);
        }
        else
        {
            command.Approximated("one-packet scheduling is for UDP");
        }
    }

    private int? Listen(Statement command, IpvsadmOptions options, Draft server, string id, string serverId)
    {
        string? whyNot = null;
        IPEndPoint? listen = null;
        if (options.ServiceFlag == "-f")
        {
            whyNot = "a firewall mark is no address to listen on: write the addresses and ports that the packet filter marks";
        }
        else if (options.Protocol == "sctp")
        {
            whyNot = "Gateway relays no SCTP";
        }
        else
        {
            var (host, port) = Words.Split(options.Service!);
            listen = IpvsTerms.Listen(host, port.Length == 0 ? null : Words.Port(port), command);
            whyNot = listen is null ? "it has no port"
                : _blueprint.Claim(listen, options.Protocol, serverId) is { } owner ? $"{owner} listens there already" : null;
        }

        if (listen is not null)
        {
            server.Append("Listen", listen.ToString());
        }

        if (whyNot is not null)
        {
            // Of a service of all ports that much is said already.
            command.Impossible(command.IsJudged && listen is null && options.ServiceFlag is "-t" or "-u" ? "written as a comment" : whyNot + "; written as a comment");
            _blueprint.Clusters.SwitchOff(id, whyNot);
            _blueprint.VirtualServers.SwitchOff(serverId, whyNot);
            if (options.Protocol == "sctp")
            {
                server.Set("Protocol", "tcp");
            }
        }

        return listen?.Port;
    }

    private void AddServer(Statement command, IpvsadmOptions options)
    {
        if (!_services.TryGetValue(options.Key, out var service) || options.Value("-r") is not { } real)
        {
            command.Impossible("its service is not added before");
            return;
        }

        var (host, port) = Words.Split(real);
        var number = port.Length == 0 ? service.Port : Words.Port(port) ?? service.Port;
        var address = Words.Destination(service.Protocol == "udp" ? "udp" : "tcp", host, number ?? 1);
        if (address is null || Blueprint.AddDestination(service.Cluster, real, address) is not { } added)
        {
            command.Impossible(address is null ? "has no address to connect to" : "the server is there already");
            return;
        }

        IpvsTerms.Weight(added.Destination, options.Value("-w") ?? "1", command);
        IpvsTerms.Thresholds(added.Destination, options.Value("-x") is { } upper ? (upper, command) : null,
            options.Value("-y") is { } lower ? (lower, command) : null);
        service.Forwarding.Add(options.Has("-m") ? "nat" : options.Has("-i") ? "tunnel" : "direct", command);
        options.TellRest(command);
        if (service.IsOff)
        {
            command.Impossible("its service is written as a comment");
        }
    }

    private void Timeouts()
    {
        foreach (var service in _services.Values)
        {
            service.Forwarding.Apply(service.Server, service.Cluster);
            if (service.Protocol == "udp")
            {
                var seconds = Seconds(2);
                service.Server.Set("SessionTimeout", seconds is { } udp && udp < TimeSpan.FromHours(12) ? udp
                    : seconds is null ? IpvsTerms.KernelUdpTimeout : TimeSpan.FromHours(12));
                continue;
            }

            if (Seconds(0) is { } idle)
            {
                service.Server.Set("IdleTimeout", idle);
            }

            if (Seconds(1) is { } halfClosed)
            {
                service.Server.Set("HalfClosedTimeout", halfClosed);
            }
        }
    }

    private TimeSpan? Seconds(int index) =>
        _timeouts.Length > index && Words.Whole(_timeouts[index]) is > 0 and var seconds ? Words.Seconds(seconds) : null;

    private static string NameOf(IpvsadmOptions options) => string.Create(CultureInfo.InvariantCulture,
        $"{(options.ServiceFlag == "-f" ? "mark" : options.Protocol)}-{options.Service}");
}
