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

        foreach (var (clusterId, matches, rule) in new Refusals(blueprint, proxy, _conditions).All())
        {
            foreach (var match in matches)
            {
                AddRoute(clusterId, null, match, rule, ref order);
            }
        }

        if (!isAlone)
        {
            proxy.Section.Approximated("routes of different listeners are told apart by the port in the request's Host header");
        }

        foreach (var use in proxy.Own("use_backend"))
        {
            Route(use, ref order);
        }

        // Of a listen, too, it comes before its own servers.
        if (proxy.Find("default_backend") is { } standard)
        {
            if (Backend(standard.Value) is { } backend)
            {
                Backend(backend, [Match.All], standard, ref order);
                standard.Same();
            }
            else
            {
                standard.Impossible("there is no such backend in mode http");
            }
        }
        else if (proxy.Section.Name == "listen" && proxy.ClusterId.Length > 0)
        {
            AddRoute(proxy.ClusterId, proxy, Match.All, proxy.Section, ref order);
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

        var matches = _conditions.Of(use.Rest(2), out var why);
        if (matches.Count == 0)
        {
            use.Impossible($"{why}; there is no route for it, and its requests go where the others go");
            return;
        }

        use.Judge(why.Length > 0 ? Verdict.Approximated : Verdict.Same, why);
        Backend(backend, matches, use, ref order);
    }

    /// <summary>The routes to a backend, behind those to the answers of its own rules.</summary>
    private void Backend(Proxy backend, IReadOnlyList<Match> matches, Statement origin, ref int order)
    {
        var refusals = backend == proxy || backend.IsDisabled ? [] : new Refusals(blueprint, backend, new Conditions(backend)).All().ToList();
        foreach (var match in matches)
        {
            foreach (var (clusterId, refused, rule) in refusals)
            {
                foreach (var both in refused.Select(other => Match.Within(match, other)))
                {
                    if (both is null)
                    {
                        rule.Impossible($"looks at the same as line {origin.Line}, which a route cannot: Gateway LETS SUCH REQUESTS THROUGH");
                    }
                    else
                    {
                        AddRoute(clusterId, null, both, rule, ref order);
                    }
                }
            }

            AddRoute(backend.ClusterId, backend, match, origin, ref order);
        }
    }

    private void AddRoute(string clusterId, Proxy? backend, Match match, Statement origin, ref int order)
    {
        var routes = blueprint.Routes;
        var id = routes.NewKey(backend == proxy ? proxy.Name : $"{proxy.Name}-{backend?.Name ?? clusterId}");
        var route = routes.Section(id);
        routes.Comment(id, Blueprint.AtLine(origin.Line, origin.Text));
        route.Set("ClusterId", clusterId).Set("Order", order++);
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

        if (backend is { IsDisabled: false })
        {
            new TransformImport(proxy, backend).Translate(route);
        }
    }

    private void Listen(Statement bind)
    {
        var endPoints = BindAddress.Parse(bind, out var wrong);
        var words = BindWords.Of(bind, proxy.CertificateBase);
        bind.Same();
        if (wrong is not null)
        {
            bind.Impossible($"'{wrong}' is no address and port to listen on");
        }

        if (words is { IsTls: true, Certificate: null })
        {
            bind.Impossible("names no file with a certificate: add an endpoint with a Certificate");
            return;
        }

        foreach (var endPoint in endPoints)
        {
            Endpoint(bind, endPoint, words);
        }
    }

    private void Endpoint(Statement bind, IPEndPoint endPoint, BindWords words)
    {
        if (blueprint.AddEndpoint(endPoint, words.IsTls, proxy.Name, out var owner) is not { } endpoint)
        {
            bind.Impossible($"{owner} listens there already");
            return;
        }

        _ports.Add(endPoint.Port);
        if (words.IsTls)
        {
            endpoint.Section("Certificate").Set("Path", words.Certificate!).Set("KeyPath", words.Certificate!);
            bind.Same("certificate and key are in one file, which must be there");
            if (!words.IsHttp2)
            {
                endpoint.Set("Protocols", "Http1");
            }

            if (words.ClientCertificate is "required" or "optional")
            {
                endpoint.Set("ClientCertificateMode", words.ClientCertificate == "required" ? "RequireCertificate" : "AllowCertificate");
                bind.Approximated("ClientCertificateMode: certificates of clients must come from authorities the system trusts, not from those of ca-file");
            }
        }

        if (words.AcceptsProxy)
        {
            endpoint.Section("ProxyProtocol").Set("From", ["0.0.0.0/0", "::/0"]);
            bind.Same(BindWords.Believed);
        }
    }

    private void Times()
    {
        var limits = blueprint.Root.Section("Kestrel").Section("Limits");
        var request = proxy.Timeout("http-request");
        Limit(limits, "RequestHeadersTimeout", request is { } given ? [given] : []);
        // The first of these that is a time counts: 0 is there what it is to leave the line out.
        Limit(limits, "KeepAliveTimeout",
            [.. new[] { proxy.Timeout("http-keep-alive"), request, proxy.Timeout("client") }.OfType<(TimeSpan Time, Statement Statement)>()]);

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

    /// <summary>Sets a time of Kestrel to the first of some that is one, and to no limit when all of them say 0.</summary>
    private static void Limit(Draft limits, string key, IReadOnlyList<(TimeSpan Time, Statement Statement)> times)
    {
        if (times.Count == 0)
        {
            return;
        }

        var chosen = times.FirstOrDefault(time => time.Time > TimeSpan.Zero, times[0]);
        var isUnlimited = chosen.Time == TimeSpan.Zero;
        limits.Set(key, isUnlimited ? Timeout.InfiniteTimeSpan : HaproxyTime.AtLeast(chosen.Time, TimeSpan.FromMilliseconds(1)));
        foreach (var (time, statement) in times.TakeWhile(time => time.Time == TimeSpan.Zero))
        {
            statement.Approximated(isUnlimited ? $"{key}: no limit, for all listeners" : "of no effect: 0 is the same as no such line");
        }

        if (!isUnlimited)
        {
            chosen.Statement.Approximated($"{key}, one for all listeners");
        }
    }
}
