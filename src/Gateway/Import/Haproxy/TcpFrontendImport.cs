namespace Gateway.Import.Haproxy;

/// <summary>Translates a frontend in mode tcp: a virtual server for its listeners that are alike in TLS and PROXY protocol.</summary>
internal sealed class TcpFrontendImport(Blueprint blueprint, Proxy proxy, IReadOnlyList<Proxy> proxies)
{
    public void Translate()
    {
        // Of a listen, too, default_backend comes before its own servers.
        var backend = proxy.Section.Name == "listen" && proxy.Find("default_backend") is null ? proxy : Backend();
        if (backend is null)
        {
            proxy.Section.Impossible("leads to no backend; connections would be closed");
            foreach (var bind in proxy.Own("bind"))
            {
                bind.Impossible("leads to no backend");
            }

            return;
        }

        var groups = proxy.Own("bind").Select(bind => (Bind: bind, Words: BindWords.Of(bind, proxy.CertificateBase))).Where(bind => IsPossible(bind.Bind, bind.Words))
            .GroupBy(bind => (bind.Words.Certificate, bind.Words.AcceptsProxy)).ToList();
        var isListening = false;
        foreach (var group in groups)
        {
            isListening |= VirtualServer(backend, [.. group.Select(bind => bind.Bind)], group.First().Words);
        }

        if (!isListening)
        {
            if (groups.Count == 0)
            {
                VirtualServer(backend, [], new BindWords(false, null, false, "none", false));
            }

            proxy.Section.Impossible("has no address that Gateway can listen on; written as a comment");
        }
    }

    /// <returns>Whether it listens anywhere.</returns>
    private bool VirtualServer(Proxy backend, List<Statement> binds, BindWords words)
    {
        var (id, server) = blueprint.AddVirtualServer(
            proxy.Name, "tcp", backend.ClusterId, Blueprint.AtLine(proxy.Section.Line, $"{proxy.Section.Name} {proxy.Name}"));
        var listens = binds.SelectMany(bind => Listen(bind, id)).ToList();
        server.Set("Listen", listens);
        if (words.Certificate is { } certificate)
        {
            server.Section("Tls").Set("CertificatePath", certificate).Set("KeyPath", certificate);
        }

        backend.ServerTls?.WriteTo(server);
        if (words.AcceptsProxy)
        {
            server.Section("ProxyProtocol").Set("From", ["0.0.0.0/0", "::/0"]);
        }

        if (backend.ProxyProtocol is { } version)
        {
            server.Section("ProxyProtocol").Set("Send", version);
        }

        Sni(server, backend, words.IsTls);
        Times(server, backend);
        if (proxy.Find("maxconn") is { } most && Words.Whole(most.Value) is { } limit and <= int.MaxValue)
        {
            server.Set("MaxConnections", limit);
            most.Approximated("further connections are closed, not kept waiting");
        }

        if (listens.Count == 0)
        {
            blueprint.VirtualServers.SwitchOff(id, "It has no address that Gateway can listen on.");
        }

        return listens.Count > 0;
    }

    /// <summary>Whether a listener can be had; one that would let more clients in than haproxy's is not.</summary>
    private static bool IsPossible(Statement bind, BindWords words)
    {
        if (words is { IsTls: true, Certificate: null })
        {
            bind.Impossible("names no file with a certificate; the address is not listened on");
            return false;
        }

        if (words is { IsTls: true, ClientCertificate: "required" })
        {
            bind.Impossible("virtual servers ask clients for no certificate; the address is not listened on, as everybody would be let in");
            return false;
        }

        if (words is { IsTls: true, ClientCertificate: not "none" })
        {
            bind.Approximated("virtual servers ask clients for no certificate");
        }

        if (words.IsHttp2)
        {
            bind.Approximated("alpn: no application protocol is offered to clients");
        }

        return true;
    }

    private Proxy? Backend()
    {
        if (proxy.Find("default_backend") is not { } line)
        {
            return null;
        }

        var backend = Backend(line.Value);
        line.Judge(backend is null ? Verdict.Impossible : Verdict.Same, backend is null ? "there is no such backend" : null);
        return backend;
    }

    private Proxy? Backend(string name) =>
        proxies.FirstOrDefault(other => other.Section.Name is "backend" or "listen" && other.Name == name && !other.IsHttp && other.ClusterId.Length > 0);

    /// <summary>Rules on the name a TLS client asks for, by an ACL or in place.</summary>
    private void Sni(Draft server, Proxy standard, bool isTls)
    {
        foreach (var use in proxy.Own("use_backend"))
        {
            var backend = Backend(use.Value);
            var names = backend is null ? null : SniCondition.Names(proxy, use.Rest(2), isTls);
            if (names is null || backend!.ServerTls != standard.ServerTls || backend.ProxyProtocol != standard.ProxyProtocol)
            {
                use.Impossible(backend is null ? "there is no such backend"
                    : names is null ? "connections are told apart by the name a TLS client asks for only: these go to the default backend"
                    : "its servers get TLS or the PROXY protocol otherwise than those of the default backend, where these go");
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
        bind.Same(bind.Words.Contains("accept-proxy") ? BindWords.Believed : null);
        if (bind.Words.Contains("ssl"))
        {
            bind.Same("certificate and key are in one file, which must be there");
        }

        if (wrong is not null)
        {
            bind.Impossible($"'{wrong}' is no address and port to listen on");
        }

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
            statement.Approximated("IdleTimeout in mode tcp, which is one for both sides: that of the tunnel, else the shorter of client and server");
        }

        if (tunnel is not null || sides.Count > 0)
        {
            server.Set("IdleTimeout", tunnel?.Time ?? sides.Select(side => side.Time).Where(time => time > TimeSpan.Zero).DefaultIfEmpty().Min());
        }

        if (backend.Timeout("connect") is { } connect)
        {
            var time = TimeSpan.FromMilliseconds(Math.Clamp(HaproxyTime.Connect(connect.Time).TotalMilliseconds, 1, 3_600_000));
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
