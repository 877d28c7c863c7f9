namespace Gateway.Import.Haproxy;

/// <summary>Translates a frontend in mode tcp: a virtual server.</summary>
internal sealed class TcpFrontendImport(Blueprint blueprint, Proxy proxy, IReadOnlyList<Proxy> proxies)
{
    public void Translate()
    {
        var backend = proxy.Section.Name == "listen" ? proxy : Backend();
        if (backend is null)
        {
            proxy.Section.Impossible("leads to no backend; connections would be closed");
            foreach (var bind in proxy.Own("bind"))
            {
                bind.Impossible("leads to no backend");
            }

            return;
        }

        var (id, server) = blueprint.AddVirtualServer(
            proxy.Name, "tcp", backend.ClusterId, Blueprint.AtLine(proxy.Section.Line, $"{proxy.Section.Name} {proxy.Name}"));
        var listens = new List<string>();
        foreach (var bind in proxy.Own("bind"))
        {
            listens.AddRange(Listen(bind, id));
        }

        server.Set("Listen", listens);
        if (proxy.Own("bind").Any(bind => bind.Arguments.Contains("accept-proxy")))
        {
            server.Section("ProxyProtocol").Set("From", ["0.0.0.0/0", "::/0"]);
        }

        if (backend.ProxyProtocol is { } version)
        {
            server.Section("ProxyProtocol").Set("Send", version);
        }

        Sni(server);
        Times(server, backend);
        if (proxy.Find("maxconn") is { } most && Words.Whole(most.Value) is { } limit and <= int.MaxValue)
        {
            server.Set("MaxConnections", limit);
            most.Approximated("further connections are closed, not kept waiting");
        }

        if (listens.Count == 0)
        {
            blueprint.VirtualServers.SwitchOff(id, "It has no address that Gateway can listen on.");
            proxy.Section.Impossible("has no address that Gateway can listen on; written as a comment");
        }
    }

    private Proxy? Backend()
    {
        if (proxy.Find("default_backend") is not { } line)
        {
            return null;
        }

        var backend = proxies.FirstOrDefault(other => other.Section.Name is "backend" or "listen" && other.Name == line.Value);
        line.Judge(backend is null ? Verdict.Impossible : Verdict.Same, backend is null ? "there is no such backend" : null);
        return backend;
    }

    /// <summary>Rules on the name a TLS client asks for, by an ACL or in place.</summary>
    private void Sni(Draft server)
    {
        foreach (var use in proxy.Own("use_backend"))
        {
            var backend = proxies.FirstOrDefault(other => other.Section.Name is "backend" or "listen" && other.Name == use.Value);
            if (backend is null || SniCondition.Names(proxy, [.. use.Words.Skip(2)]) is not { } names)
            {
                use.Impossible(backend is null ? "there is no such backend"
                    : "connections are told apart by the name a TLS client asks for only: these go to the default backend");
                continue;
            }

            use.Same("Sni");
            foreach (var name in names.Where(name => !server.Section("Sni").Has(name)))
            {
                server.Section("Sni").Set(name, backend.ClusterId);
            }
        }
    }

    private IEnumerable<string> Listen(Statement bind, string id)
    {
        var endPoints = BindAddress.Parse(bind, out var wrong);
        if (wrong is not null)
        {
            bind.Impossible($"'{wrong}' is no address and port to listen on");
        }

        if (bind.Arguments.Contains("ssl"))
        {
            bind.Impossible("virtual servers do not end TLS; the address is not listened on");
            return [];
        }

        if (bind.Words.Count > 2)
        {
            var others = bind.Arguments.Skip(1).Where(word => word is not ("accept-proxy" or "v6only" or "name")).ToList();
            bind.Judge(others.Count > 0 ? Verdict.Approximated : Verdict.Same,
                others.Count > 0 ? $"{others[0]} is not taken over"
                    : bind.Arguments.Contains("accept-proxy") ? "ProxyProtocol: every client is believed, as by haproxy; name the proxies in From" : null);
        }

        bind.Same();
        var free = endPoints.Where(endPoint => blueprint.Claim(endPoint, "tcp", id) is null).ToList();
        if (free.Count < endPoints.Count)
        {
            bind.Impossible("another proxy listens there already");
        }

        return free.Select(endPoint => endPoint.ToString());
    }

    private void Times(Draft server, Proxy backend)
    {
        var tunnel = proxy.Timeout("tunnel") ?? backend.Timeout("tunnel");
        tunnel?.Statement.Same("IdleTimeout");
        var sides = new[] { proxy.Timeout("client"), backend.Timeout("server") }.OfType<(TimeSpan Time, Statement Statement)>().ToList();
        foreach (var (_, statement) in sides)
        {
            statement.Approximated("IdleTimeout, which is one for both sides: that of the tunnel, else the shorter of client and server");
        }

        if (tunnel is not null || sides.Count > 0)
        {
            server.Set("IdleTimeout", tunnel?.Time ?? sides.Min(side => side.Time));
        }

        if (backend.Timeout("connect") is { } connect)
        {
            var time = TimeSpan.FromMilliseconds(Math.Clamp(connect.Time.TotalMilliseconds, 1, 3_600_000));
            server.Set("ConnectTimeout", time);
            connect.Statement.Same("ConnectTimeout");
        }

        foreach (var name in (string[])["client-fin", "server-fin"])
        {
            if (proxy.Timeout(name) is { } fin)
            {
                server.Set("HalfClosedTimeout", fin.Time);
                fin.Statement.Same("HalfClosedTimeout");
            }
        }
    }
}
