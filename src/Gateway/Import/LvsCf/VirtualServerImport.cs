using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Gateway.Import.Ipvs;
using Gateway.Scheduling;

namespace Gateway.Import.LvsCf;

/// <summary>Translates one <c>virtual</c> block: a virtual server with its cluster.</summary>
internal sealed partial class VirtualServerImport(
    Blueprint blueprint, Statement block, TimeSpan? tcpTimeout, TimeSpan? finTimeout, TimeSpan? udpTimeout)
{
    private readonly Directives _directives = new(block.Body);
    private string _name = "";
    private string _protocol = "tcp";
    private int _port = 80;

    /// <param name="network">What says how packets are forwarded; null when nothing does.</param>
    /// <param name="method">How: direct, nat or tunnel.</param>
    /// <param name="tell">Told what became of it, with the name of the virtual.</param>
    public void Translate(Statement? network, string method, Action<string, Verdict, string> tell)
    {
        _name = block.Value.Length > 0 ? Directives.Unquoted(block.Value) : "unnamed";
        _protocol = Protocol();
        _port = Port(_directives["port"], 80);
        var isActive = _directives.Flag("active", false);
        var (clusterId, cluster) = blueprint.AddCluster(_name, Blueprint.AtLine(block.Line, $"virtual {_name}"));
        cluster.Set("LoadBalancingPolicy", Scheduler());
        Persistence(cluster);
        new NannyImport(_directives, _protocol, _port).Probe(cluster);
        Servers(cluster);
        SorryServer(cluster);
        var (id, server) = blueprint.AddVirtualServer(_name, _protocol, clusterId, Blueprint.AtLine(block.Line, $"virtual {_name}"));
        var listen = Listen();
        server.Append("Listen", listen.ToString());
        Timeouts(server);
        Mark();
        OtherDirectives.Judge(_directives);

        Forwarding(server, cluster, network, method, listen.Address, tell);

        var taken = isActive ? blueprint.Claim(listen, _protocol, _name) : null;
        if (!isActive || taken is not null)
        {
            var reason = taken is null ? "active = 0: not in force. Take the slashes away here and at its cluster to use it."
                : $"Virtual {taken} listens on {listen} already.";
            blueprint.VirtualServers.SwitchOff(id, reason);
            blueprint.Clusters.SwitchOff(clusterId, reason);
        }

        _directives["active"]?.Same(isActive ? null : "written as a comment, to be switched on there");
        if (!isActive && !_directives.Has("active"))
        {
            block.Remark("active is missing, so it is off, as in piranha: written as a comment");
        }

        block.Judge(taken is null ? Verdict.Same : Verdict.Impossible,
            taken is null ? null : $"virtual {taken} listens on {listen} already; written as a comment");
    }

    private string Protocol()
    {
        var word = _directives.Word("protocol") ?? "tcp";
        if (word is not ("tcp" or "udp"))
        {
            _directives["protocol"]!.Approximated($"'{word}' is neither tcp nor udp; tcp is used");
            return "tcp";
        }

        _directives["protocol"]?.Same();
        return word;
    }

    private static int Port(Statement? statement, int otherwise)
    {
        if (statement is null)
        {
            return otherwise;
        }

        if (PortOf(statement) is { } port)
        {
            statement.Same();
            return port;
        }

        statement.Approximated(string.Create(CultureInfo.InvariantCulture,
            $"'{statement.Value}' is neither a port from 1 to 65535 nor a known service; {otherwise} is used"));
        return otherwise;
    }

    /// <summary>A number as C reads it, or a service.</summary>
    private static int? PortOf(Statement statement)
    {
        var word = Directives.Unquoted(statement.Value);
        return Directives.ParseNumber(word) is { } number ? number is > 0 and <= IPEndPoint.MaxPort ? (int)number : null : Words.Port(word);
    }

    private IPEndPoint Listen()
    {
        var address = IPAddress.Any;
        if (_directives["address"] is { } statement)
        {
            var device = statement.Word(2);
            var word = Directives.Unquoted(statement.Value);
            address = Words.Address(word) ?? IPAddress.Any;
            if (Words.Address(word) is null)
            {
                statement.Approximated($"'{word}' is a name, and listeners have addresses; all addresses are listened on"
                    + (device is null ? "" : $", and {device} is not used"));
            }
            else if (address.Equals(IPAddress.Any))
            {
                statement.Same("all addresses" + (device is null ? "" : $"; {device} is not used"));
            }
        }
        else
        {
            block.Remark("address is missing; all addresses are listened on");
        }

        _directives.Judge(Verdict.Same, "an address that Gateway puts on an interface has the whole netmask", "vip_nmask");
        return new IPEndPoint(address, _port);
    }

    /// <summary>Forwards by the kernel where it can, and puts the address on the interface as piranha does; else relays.</summary>
    private void Forwarding(
        Draft server, Draft cluster, Statement? network, string method, IPAddress address, Action<string, Verdict, string> tell)
    {
        var wish = new ForwardingWish();
        if (network is not null && method is "direct" or "nat" or "tunnel")
        {
            wish.Add(method, network!);
        }

        var isKernel = wish.Apply(server, cluster, (verdict, note) => tell(_name, verdict, note));
        if (_directives["address"] is not { IsJudged: false } statement)
        {
            return;
        }

        var device = statement.Word(2)?.Split(':')[0] ?? "";
        if (isKernel && DeviceForm().IsMatch(device))
        {
            server.Set("Interface", device).Set("AssignAddress", true);
            statement.Same($"Gateway puts it on {device}, announces it, and takes it off when it ends");
        }
        else
        {
            statement.Approximated($"Gateway listens on {address} and puts it on no interface"
                + (device.Length > 0 ? $", so {device} is not used" : "") + ": the system's network configuration must have the address");
        }
    }

    private string Scheduler()
    {
        var word = _directives.Word("scheduler") ?? "wlc";
        var statement = _directives["scheduler"];
        if (word == "pcc")
        {
            statement!.Same("the name of lc before September 2000");
            return "lc";
        }

        if (Schedulers.Canonical(word) is not { } known)
        {
            statement!.Approximated($"'{word}' is no scheduler; wlc, the default, is used");
            return "wlc";
        }

        if (statement is not null)
        {
            statement.Same(word is "sh" or "dh"
                ? "clients of a server that is down go to others; the kernel refuses them while its weight is 0" : null);
        }

        return known;
    }

    private void Persistence(Draft cluster)
    {
        var seconds = _directives.Number("persistent", 0);
        var mask = _directives["pmask"];
        if (seconds <= 0)
        {
            _directives["persistent"]?.Same("0 is off");
            mask?.Whole(Verdict.Same, "of no effect without persistent");
            return;
        }

        var persistence = cluster.Section("Persistence").Set("Timeout", Words.Seconds(seconds));
        _directives["persistent"]!.Same("clients of a server that is down are scheduled anew");
        if (mask is null)
        {
            return;
        }

        if (Words.PrefixLength(Directives.Unquoted(mask.Value)) is { } prefix)
        {
            mask.Same();
            persistence.Set("Mask4", prefix);
        }
        else
        {
            mask.Approximated("is no netmask with all its ones in front; clients are known by their whole address");
        }
    }

    private void Servers(Draft cluster)
    {
        // A server without a port has that of the virtual as read so far: what stands below it comes too late.
        var portSoFar = 80;
        foreach (var statement in block.Body)
        {
            if (statement.Name == "port" && !statement.IsBlock)
            {
                portSoFar = PortOf(statement) ?? portSoFar;
            }
            else if (statement.Name == "server" && statement.IsBlock)
            {
                new ServerImport(statement, _protocol, portSoFar, _port).Translate(cluster);
            }
        }

        if (!cluster.Has("Destinations"))
        {
            cluster.Section("Destinations");
            block.Remark("has no server");
        }
    }

    private void SorryServer(Draft cluster)
    {
        if (_directives["sorry_server"] is not { } statement)
        {
            return;
        }

        var address = Words.Destination(_protocol, Directives.Unquoted(statement.Value), _port);
        if (address is null || Blueprint.AddDestination(cluster, "sorry", address) is not { } sorry)
        {
            statement.Impossible(address is null ? "is no address" : "is one of the servers");
            return;
        }

        sorry.Destination.Set("Backup", true);
        statement.Same("is probed like the servers, which piranha does not do");
    }

    private void Timeouts(Draft server)
    {
        if (_protocol == "udp")
        {
            // The kernel's own, five minutes, is longer than Gateway's.
            server.Set("SessionTimeout", Least(udpTimeout ?? TimeSpan.FromMinutes(5), TimeSpan.FromHours(12)));
            return;
        }

        if (tcpTimeout is { } idle)
        {
            server.Set("IdleTimeout", idle);
        }

        if (finTimeout is { } halfClosed)
        {
            server.Set("HalfClosedTimeout", halfClosed);
        }
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private void Mark()
    {
        if (_directives["fwmark"] is { } mark)
        {
            if (_directives.Number("fwmark", 0) > 0)
            {
                mark.Approximated("Gateway listens on the address and port instead of taking what a packet filter has marked; "
                    + "virtual servers of the same mark share no persistence");
            }
            else
            {
                mark.Same("0 is off");
            }
        }
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$")]
    private static partial Regex DeviceForm();
}
