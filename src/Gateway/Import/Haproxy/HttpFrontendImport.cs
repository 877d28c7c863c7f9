using System.Globalization;
using System.Net;

namespace Gateway.Import.Haproxy;

/// <summary>Translates a frontend in mode http: listeners of Kestrel, and a route for each rule that picks a backend.</summary>
internal sealed class HttpFrontendImport(Blueprint blueprint, Proxy proxy, IReadOnlyList<Proxy> proxies, bool isAlone)
{
    private readonly List<int> _ports = [];
    private readonly Conditions _conditions = new(proxy);

    public void Translate(ref int order)
    {
        foreach (var bind in proxy.Own("bind"))
        {
            Listen(bind);
        }

        Times();
        if (_ports.Count == 0)
        {
            // Without a listener of its own, its routes would take the requests of others.
            proxy.Section.Impossible("has no address that Gateway can listen on: there are no routes for it");
            foreach (var line in proxy.Own("use_backend").Concat(proxy.Own("default_backend")))
            {
                line.Impossible("its frontend has no address");
            }

            return;
        }

        if (!isAlone)
        {
            proxy.Section.Approximated("routes of different listeners are told apart by the port in the request's Host header");
        }

        foreach (var use in proxy.Own("use_backend"))
        {
            Route(use, ref order);
        }

        if (proxy.Section.Name == "listen" && proxy.ClusterId.Length > 0)
        {
            AddRoute(proxy, new Match([], null, [], [], []), proxy.Section, ref order);
        }
        else if (proxy.Find("default_backend") is { } line)
        {
            if (Backend(line.Value) is { } backend)
            {
                AddRoute(backend, new Match([], null, [], [], []), line, ref order);
                line.Same();
            }
            else
            {
                line.Impossible("there is no such backend in mode http");
            }
        }

        _conditions.JudgeUnused();
    }

    private Proxy? Backend(string name) => proxies.FirstOrDefault(
        other => other.Section.Name is "backend" or "listen" && other.Name == name && other.IsHttp && other.ClusterId.Length > 0);

    private void Route(Statement use, ref int order)
    {
        if (Backend(use.Value) is not { } backend)
        {
            use.Impossible("there is no such backend in mode http");
            return;
        }

        var matches = _conditions.Of([.. use.Words.Skip(2)], out var why);
        if (matches.Count == 0)
        {
            use.Impossible($"{why}; there is no route for it, and its requests go where the others go");
            return;
        }

        use.Judge(why.Length > 0 ? Verdict.Approximated : Verdict.Same, why);
        foreach (var match in matches)
        {
            AddRoute(backend, match, use, ref order);
        }
    }

    private void AddRoute(Proxy backend, Match match, Statement origin, ref int order)
    {
        var routes = blueprint.Routes;
        var id = routes.NewKey(backend == proxy ? proxy.Name : $"{proxy.Name}-{backend.Name}");
        var route = routes.Section(id);
        routes.Comment(id, Blueprint.AtLine(origin.Line, origin.Text));
        route.Set("ClusterId", backend.ClusterId).Set("Order", order++);
        var section = route.Section("Match");
        section.Set("Path", match.Path ?? "{**catch-all}");
        var hosts = match.Hosts.Count > 0 || isAlone ? match.Hosts : ["*"];
        if (hosts.Count > 0)
        {
            section.Set("Hosts", isAlone ? hosts : hosts.SelectMany(host => _ports.Distinct().Select(
                port => host.Contains(':', StringComparison.Ordinal) ? host : string.Create(CultureInfo.InvariantCulture, $"{host}:{port}"))));
        }

        if (match.Methods.Count > 0)
        {
            section.Set("Methods", match.Methods);
        }

        foreach (var header in match.Headers)
        {
            header.WriteTo(section.Append("Headers"));
        }

        foreach (var query in match.Query)
        {
            query.WriteTo(section.Append("QueryParameters"));
        }

        new TransformImport(proxy, backend).Translate(route);
    }

    private void Listen(Statement bind)
    {
        var endPoints = BindAddress.Parse(bind, out var wrong);
        var isTls = bind.Arguments.Contains("ssl");
        var certificate = After(bind, "crt");
        bind.Same();
        if (wrong is not null)
        {
            bind.Impossible($"'{wrong}' is no address and port to listen on");
        }

        if (isTls && (certificate is null || certificate.EndsWith('/')))
        {
            bind.Impossible("names no file with a certificate: add an endpoint with a Certificate");
            return;
        }

        foreach (var endPoint in endPoints)
        {
            Endpoint(bind, endPoint, isTls ? certificate : null);
        }
    }

    private void Endpoint(Statement bind, IPEndPoint endPoint, string? certificate)
    {
        if (blueprint.AddEndpoint(endPoint, certificate is not null, proxy.Name, out var owner) is not { } endpoint)
        {
            bind.Impossible($"{owner} listens there already");
            return;
        }

        _ports.Add(endPoint.Port);
        if (certificate is not null)
        {
            endpoint.Section("Certificate").Set("Path", certificate).Set("KeyPath", certificate);
            bind.Same("certificate and key are in one file, which must be there");
            if (After(bind, "alpn") is not { } alpn || !alpn.Contains("h2", StringComparison.Ordinal))
            {
                endpoint.Set("Protocols", "Http1");
            }
        }

        foreach (var word in bind.Arguments.Skip(1))
        {
            switch (word)
            {
                case "accept-proxy":
                    endpoint.Section("ProxyProtocol").Set("From", ["0.0.0.0/0", "::/0"]);
                    bind.Same("ProxyProtocol: every client is believed, as by haproxy; name the proxies in From");
                    break;
                case "verify":
                    bind.Impossible("clients are not asked for certificates: see ClientCertificateMode");
                    break;
                case "crt-list" or "ca-file" or "ciphers" or "ssl-min-ver" or "no-sslv3" or "no-tlsv10" or "no-tlsv11" or "strict-sni":
                    bind.Approximated($"{word} is not taken over: see SslProtocols and Sni of the endpoint");
                    break;
            }
        }
    }

    private static string? After(Statement line, string word)
    {
        var words = line.Words.ToList();
        var at = words.IndexOf(word);
        return at >= 0 && at + 1 < words.Count ? words[at + 1] : null;
    }

    private void Times()
    {
        var limits = blueprint.Root.Section("Kestrel").Section("Limits");
        if (proxy.Timeout("http-request") is { } request)
        {
            limits.Set("RequestHeadersTimeout", request.Time);
            request.Statement.Approximated("RequestHeadersTimeout, one for all listeners");
        }

        if ((proxy.Timeout("http-keep-alive") ?? proxy.Timeout("client")) is { } idle)
        {
            limits.Set("KeepAliveTimeout", idle.Time);
            idle.Statement.Approximated("KeepAliveTimeout, one for all listeners");
        }

        if (limits.IsEmpty)
        {
            blueprint.Root.Section("Kestrel").Remove("Limits");
        }

        proxy.Timeout("client")?.Statement.Approximated("slow requests are bounded by Kestrel:Limits:MinRequestBodyDataRate");
        if (proxy.Own("maxconn").FirstOrDefault() is { } most)
        {
            most.Approximated("connections are limited for all listeners together: Kestrel:Limits:MaxConcurrentConnections");
        }
    }
}
