namespace Gateway.Import.Nginx;

/// <summary>Translates the block <c>stream</c>: its servers become virtual servers.</summary>
internal sealed class StreamImport(Blueprint blueprint, IReadOnlyList<Statement> body)
{
    private readonly Dictionary<string, string> _clusters = new(StringComparer.Ordinal);

    public void Translate()
    {
        foreach (var server in body.Where(statement => statement.Name == "server" && statement.IsBlock))
        {
            server.Same();
            Server(server);
        }

        foreach (var upstream in body.Where(statement => statement.Name == "upstream" && !statement.IsJudged))
        {
            UpstreamImport.Translate(blueprint, upstream, "tcp", []);
            upstream.Same("nothing is passed to it");
        }
    }

    private void Server(Statement server)
    {
        var pass = server.Last("proxy_pass");
        var listens = server.Body.Where(statement => statement.Name == "listen").ToList();
        // Listeners that differ in these are virtual servers of their own.
        foreach (var group in listens.GroupBy(listen => (Protocol: listen.Has("udp") ? "udp" : "tcp", IsTls: listen.Has("ssl"), IsProxied: listen.Has("proxy_protocol"))).ToList())
        {
            var protocol = group.Key.Protocol;
            if (pass is null || Cluster(pass, protocol) is not { } cluster)
            {
                (pass ?? server).Impossible("is passed to no upstream and no server");
                foreach (var listen in listens)
                {
                    listen.Impossible("its server passes nothing on");
                }

                return;
            }

            pass.Same();
            if (group.Key.IsTls && !MayEndTls(server, group))
            {
                continue;
            }

            var (id, virtualServer) = blueprint.AddVirtualServer(pass.Value, protocol, cluster, Blueprint.AtLine(server.Line, server.Text));
            var mine = group.SelectMany(listen => Listen(listen, protocol, id)).ToList();
            virtualServer.Set("Listen", mine);
            Times(virtualServer, server, protocol);
            ProxyProtocol(virtualServer, server, [.. group], protocol);
            Tls(virtualServer, server, group.Key.IsTls, protocol);
            if (mine.Count == 0)
            {
                blueprint.VirtualServers.SwitchOff(id, "It has no address that Gateway can listen on.");
                server.Impossible("has no address that Gateway can listen on; written as a comment");
            }
        }
    }

    private bool MayEndTls(Statement server, IEnumerable<Statement> listens)
    {
        var why = Find(server, "ssl_verify_client") is { } verify && verify.Value != "off"
            ? "virtual servers ask clients for no certificate; the address is not listened on, as everybody would be let in"
            : File(server, "ssl_certificate") is null || File(server, "ssl_certificate_key") is null
                ? "names no certificate; the address is not listened on" : null;
        if (why is not null)
        {
            foreach (var name in (string[])["ssl_verify_client", "ssl_certificate", "ssl_certificate_key"])
            {
                server.Last(name)?.Whole(Verdict.Impossible, "the address is not listened on");
            }
        }

        foreach (var listen in listens.Where(_ => why is not null))
        {
            listen.Impossible(why!);
            server.Impossible("an address of it is not listened on");
        }

        return why is null;
    }

    private string? File(Statement server, string name) =>
        Find(server, name) is { Value: { Length: > 0 } file } && !file.Contains('$', StringComparison.Ordinal) ? file : null;

    /// <summary>TLS with clients, and with servers, whose certificates nginx looks at only when it is told to.</summary>
    private void Tls(Draft virtualServer, Statement server, bool isTls, string protocol)
    {
        if (isTls)
        {
            virtualServer.Section("Tls").Set("CertificatePath", File(server, "ssl_certificate")!).Set("KeyPath", File(server, "ssl_certificate_key")!);
            Find(server, "ssl_certificate")!.Same("must be there when Gateway starts");
            Find(server, "ssl_certificate_key")!.Same("must be there when Gateway starts");
        }

        var outgoing = Find(server, "proxy_ssl");
        if (outgoing is null || outgoing.Value != "on" || protocol == "udp")
        {
            outgoing?.Same();
            return;
        }

        outgoing.Same();
        var verify = Find(server, "proxy_ssl_verify");
        verify?.Same();
        var tls = virtualServer.Section("Tls").Set("Destinations", verify?.Value == "on" ? "Verified" : "Unverified");
        if (Find(server, "proxy_ssl_name") is { } name && Words.IsHostName(name.Value))
        {
            tls.Set("DestinationName", name.Value);
            name.Same();
        }

        if (File(server, "proxy_ssl_trusted_certificate") is { } authorities)
        {
            Find(server, "proxy_ssl_trusted_certificate")!.Same();
            if (verify?.Value == "on")
            {
                tls.Set("DestinationAuthorities", authorities);
            }
        }
    }

    private void ProxyProtocol(Draft virtualServer, Statement server, List<Statement> listens, string protocol)
    {
        var incoming = listens.Where(listen => listen.Has("proxy_protocol")).ToList();
        var outgoing = Find(server, "proxy_protocol");
        if (protocol == "udp")
        {
            outgoing?.Impossible("the PROXY protocol is not spoken over UDP");
            return;
        }

        foreach (var listen in incoming)
        {
            virtualServer.Section("ProxyProtocol").Set("From", ["0.0.0.0/0", "::/0"]);
            listen.Same("ProxyProtocol: every client is believed, as by nginx; name the proxies in From");
        }

        if (outgoing is { Value: "on" })
        {
            virtualServer.Section("ProxyProtocol").Set("Send", "v1");
        }

        outgoing?.Same();
    }

    private string? Cluster(Statement pass, string protocol)
    {
        var key = $"{protocol} {pass.Value}";
        if (_clusters.TryGetValue(key, out var id))
        {
            return id;
        }

        if (body.FirstOrDefault(statement => statement.Name == "upstream" && statement.Value == pass.Value) is { } upstream)
        {
            return _clusters[key] = UpstreamImport.Translate(blueprint, upstream, protocol, []);
        }

        var (host, port) = Words.Split(pass.Value);
        if (Words.Port(port) is not { } number || Words.Destination(protocol, host, number) is not { } address)
        {
            return null;
        }

        (id, var cluster) = blueprint.AddCluster(pass.Value, Blueprint.AtLine(pass.Line, pass.Text));
        Blueprint.AddDestination(cluster, pass.Value, address);
        return _clusters[key] = id;
    }

    private IEnumerable<string> Listen(Statement listen, string protocol, string id)
    {
        listen.Same();
        if (Listeners.Parse(listen.Value) is not { } endPoint || blueprint.Claim(endPoint, protocol, id) is not null)
        {
            listen.Impossible("is no address and port to listen on, or another server has it");
            return [];
        }

        return [endPoint.ToString()];
    }

    private void Times(Draft virtualServer, Statement server, string protocol)
    {
        if (Find(server, "proxy_timeout") is { } idle && NginxTime.Parse(idle.Value) is { } time)
        {
            var least = time < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : time;
            virtualServer.Set(protocol == "udp" ? "SessionTimeout" : "IdleTimeout",
                protocol == "udp" && least > TimeSpan.FromHours(12) ? TimeSpan.FromHours(12) : least);
            idle.Same();
        }

        if (Find(server, "proxy_connect_timeout") is { } connect && NginxTime.Parse(connect.Value) is { } wait
            && wait > TimeSpan.Zero && wait <= TimeSpan.FromHours(1))
        {
            virtualServer.Set("ConnectTimeout", wait);
            connect.Same();
        }

        if (Find(server, "proxy_responses") is { } responses && protocol == "udp" && Words.Whole(responses.Value) is <= 65535 and var count)
        {
            virtualServer.Set("Replies", count);
            responses.Same();
        }
    }

    private Statement? Find(Statement server, string name) =>
        server.Last(name) ?? body.LastOrDefault(statement => statement.Name == name);
}
