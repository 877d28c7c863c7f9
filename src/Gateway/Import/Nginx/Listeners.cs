using System.Net;

namespace Gateway.Import.Nginx;

/// <summary>Translates <c>listen</c>: an endpoint for each address, shared by the servers that are told apart by name.</summary>
internal sealed class Listeners(Blueprint blueprint)
{
    private const string Missing = "missing";

    private readonly Dictionary<IPEndPoint, (Draft Endpoint, bool IsTls)> _endpoints = [];
    private readonly Dictionary<IPEndPoint, HttpServer> _defaults = [];
    private readonly HashSet<int> _chosenPorts = [];
    private readonly HashSet<IPEndPoint> _tls = [];
    private readonly HashSet<int> _ports = [];

    /// <summary>Whether all listeners have one port, so that routes need not name it.</summary>
    public bool IsOnePort => _ports.Count <= 1;

    /// <summary>Finds the default server of each listener: the one that says so, else the first. Routes know the port of a listener and
    /// not its address, so that one which says so is the default for all addresses of its port.</summary>
    public void Choose(IEnumerable<HttpServer> servers)
    {
        foreach (var server in servers)
        {
            var listens = server.Block.Body.Where(statement => statement.Name == "listen").Select(statement => statement.Words.Skip(1).ToList()).ToList();
            foreach (var words in listens.Count > 0 ? listens : [["80"]])
            {
                if (Parse(words.FirstOrDefault() ?? "") is not { } endPoint)
                {
                    continue;
                }

                if (IsChosen(words))
                {
                    _defaults[endPoint] = server;
                    _chosenPorts.Add(endPoint.Port);
                }

                _defaults.TryAdd(endPoint, server);
                if (words.Contains("ssl"))
                {
                    _tls.Add(endPoint);
                }
            }
        }
    }

    /// <summary>Gives names without a certificate of their own that of the default server.</summary>
    public void Finish()
    {
        foreach (var (endpoint, _) in _endpoints.Values.Where(known => known.Endpoint.Has("Sni")))
        {
            var first = endpoint.Section("Certificate");
            if (first.IsEmpty)
            {
                first.Set("Path", Missing + ".pem").Set("KeyPath", Missing + ".key");
            }

            if (!endpoint.Section("Sni").Has("*"))
            {
                endpoint.Section("Sni").Section("*").Section("Certificate").Set("Path", first.Text("Path")!).Set("KeyPath", first.Text("KeyPath")!);
            }
        }
    }

    public void Add(HttpServer server, IReadOnlyList<Statement> http)
    {
        var listens = server.Block.Body.Where(statement => statement.Name == "listen").ToList();
        if (listens.Count == 0)
        {
            Listen(server, server.Block, ["80"], http);
        }

        foreach (var listen in listens)
        {
            listen.Same();
            Listen(server, listen, [.. listen.Arguments], http);
        }

        foreach (var name in (string[])["ssl_certificate", "ssl_certificate_key"])
        {
            server.Block.Last(name)?.Same("must be there when Gateway starts");
        }
    }

    private static bool IsChosen(List<string> words) => words.Contains("default_server") || words.Contains("default");

    private void Listen(HttpServer server, Statement statement, List<string> words, IReadOnlyList<Statement> http)
    {
        if (Parse(words.FirstOrDefault() ?? "") is not { } endPoint)
        {
            statement.Impossible("is no address and port to listen on");
            return;
        }

        foreach (var word in words.Skip(1))
        {
            switch (word)
            {
                case "ssl" or "default_server" or "http2" or "default":
                    break;
                case "proxy_protocol":
                    statement.Same("ProxyProtocol: every client is believed, as by nginx; name the proxies in From");
                    break;
                case "quic" or "http3":
                    statement.Impossible($"{word} is not spoken");
                    break;
                default:
                    statement.Approximated($"{word}: sockets are set as Kestrel does");
                    break;
            }
        }

        var isTls = _tls.Contains(endPoint);
        if (!_endpoints.TryGetValue(endPoint, out var known))
        {
            if (blueprint.AddEndpoint(endPoint, isTls, server.Name, out var owner) is not { } endpoint)
            {
                statement.Impossible($"{owner} listens there already");
                return;
            }

            known = (endpoint, isTls);
            _endpoints[endPoint] = known;
        }

        var isDefault = _defaults[endPoint] == server;
        if (isDefault && (!_chosenPorts.Contains(endPoint.Port) || IsChosen(words)))
        {
            server.DefaultPorts.Add(endPoint.Port);
        }

        if (words.Contains("proxy_protocol"))
        {
            known.Endpoint.Section("ProxyProtocol").Set("From", ["0.0.0.0/0", "::/0"]);
        }

        server.Ports.Add(endPoint.Port);
        _ports.Add(endPoint.Port);
        if (known.IsTls)
        {
            ClientCertificates(known.Endpoint, server, http);
            Certificate(known.Endpoint, server, statement, http, isDefault);
        }
    }

    /// <summary>Asks for certificates of clients for all names of a listener where any wants them: the name that TLS is begun for need not
    /// be that of the request.</summary>
    private static void ClientCertificates(Draft endpoint, HttpServer server, IReadOnlyList<Statement> http)
    {
        var verify = server.Block.Last("ssl_verify_client") ?? http.LastOrDefault(s => s.Name == "ssl_verify_client");
        if (verify is null || verify.Value == "off")
        {
            verify?.Same();
            return;
        }

        var mode = verify.Value == "on" ? "RequireCertificate" : "AllowCertificate";
        endpoint.Set("ClientCertificateMode", endpoint.Text("ClientCertificateMode") == "RequireCertificate" ? "RequireCertificate" : mode);
        (server.Block.Last("ssl_client_certificate") ?? http.LastOrDefault(s => s.Name == "ssl_client_certificate"))?.Whole(
            Verdict.Approximated, "certificates of clients must come from authorities the system trusts");
        verify.Approximated("ClientCertificateMode, for all names of the listener: certificates of clients must come from authorities the system trusts");
    }

    /// <summary>The certificate of the default server is for all names, those of others for theirs.</summary>
    private static void Certificate(Draft endpoint, HttpServer server, Statement listen, IReadOnlyList<Statement> http, bool isDefault)
    {
        var path = (server.Block.Last("ssl_certificate") ?? http.LastOrDefault(s => s.Name == "ssl_certificate"))?.Value;
        var key = (server.Block.Last("ssl_certificate_key") ?? http.LastOrDefault(s => s.Name == "ssl_certificate_key"))?.Value;
        if (path is null || key is null || path.Length == 0 || key.Length == 0 || path.Contains('$', StringComparison.Ordinal) || key.Contains('$', StringComparison.Ordinal))
        {
            listen.Impossible("names no certificate: write Certificate with Path and KeyPath to the endpoint");
            if (!endpoint.Has("Certificate"))
            {
                endpoint.Section("Certificate").Set("Path", Missing + ".pem").Set("KeyPath", Missing + ".key");
            }

            return;
        }

        if (isDefault)
        {
            endpoint.Section("Certificate").Set("Path", path).Set("KeyPath", key);
            return;
        }

        foreach (var name in server.Names)
        {
            endpoint.Section("Sni").Section(name).Section("Certificate").Set("Path", path).Set("KeyPath", key);
        }
    }

    public static IPEndPoint? Parse(string word)
    {
        if (Words.Whole(word) is not null)
        {
            return Words.Port(word) is { } port ? new IPEndPoint(IPAddress.Any, port) : null;
        }

        var (host, portWord) = Words.Split(word);
        var address = host is "*" or "localhost" ? host == "*" ? IPAddress.Any : IPAddress.Loopback : Words.Address(host);
        return address is not null && (portWord.Length == 0 ? 80 : Words.Port(portWord)) is { } number ? new IPEndPoint(address, number) : null;
    }
}
