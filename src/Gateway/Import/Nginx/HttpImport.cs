using System.Globalization;

namespace Gateway.Import.Nginx;

/// <summary>Translates the block <c>http</c>: its upstreams, servers and locations.</summary>
/// <remarks>nginx picks the server by name, exact ones before those with a star, else the default one of the listener, and in it the
/// location. Routes do the same by <c>Order</c>: exact names first, default servers last; within a server the more specific path wins.
/// </remarks>
internal sealed class HttpImport(Blueprint blueprint, IReadOnlyList<Statement> body)
{
    private static readonly (string Name, string Key)[] _limits =
        [("keepalive_timeout", "KeepAliveTimeout"), ("client_header_timeout", "RequestHeadersTimeout")];

    private readonly Dictionary<string, string> _clusters = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = [];
    private readonly Listeners _listeners = new(blueprint);

    public void Translate()
    {
        var servers = body.Where(statement => statement.Name == "server" && statement.IsBlock).Select(block => new HttpServer(block)).ToList();
        foreach (var server in servers)
        {
            server.Block.Same();
            _listeners.Add(server, body);
        }

        Limits();
        foreach (var server in servers.Where(server => server.Ports.Count > 0))
        {
            Locations(server);
        }

        foreach (var upstream in body.Where(statement => statement.Name == "upstream" && !statement.IsJudged))
        {
            UpstreamImport.Translate(blueprint, upstream, "http");
            upstream.Same("nothing is passed to it");
        }
    }

    private void Locations(HttpServer server)
    {
        // proxy_pass stands in locations only, but for those of an if.
        foreach (var location in server.Block.Body.Where(statement => statement.Name == "location" && statement.IsBlock))
        {
            Location(server, location);
        }
    }

    private void Location(HttpServer server, Statement location)
    {
        var pass = location.Body.Find(statement => statement.Name == "proxy_pass");
        if (pass is null)
        {
            location.Impossible(location.Body.Exists(s => s.Name is "fastcgi_pass" or "uwsgi_pass" or "scgi_pass" or "grpc_pass" or "memcached_pass")
                ? "destinations speak HTTP" : "passes no request on: Gateway serves no files and answers nothing itself");
            return;
        }

        if (LocationPath.Of(location, out var why) is not { } path)
        {
            location.Impossible(why);
            pass.Impossible("its location is impossible");
            return;
        }

        if (ProxyTarget.Of(pass.Value) is not { } target)
        {
            pass.Impossible("is no address of an upstream or a server");
            location.Impossible("is passed nowhere");
            return;
        }

        location.Judge(why.Length > 0 ? Verdict.Approximated : Verdict.Same, why);
        pass.Same();
        var isReached = false;
        foreach (var (order, hosts) in server.Hosts(_listeners.IsOnePort))
        {
            // Two routes alike would be told apart by nobody, and every request to them would fail.
            var free = (hosts.Count == 0 ? [""] : hosts).Where(host => _taken.Add($"{order} {host} {path.Pattern}".ToLowerInvariant())).ToList();
            if (free.Count > 0)
            {
                isReached = true;
                Route(server, location, path, target, pass, order, hosts.Count == 0 ? [] : free);
            }
        }

        if (!isReached)
        {
            location.Impossible("another server or location has its name and path already");
        }
    }

    private void Route(
        HttpServer server, Statement location, LocationPath path, ProxyTarget target, Statement pass, int order, List<string> hosts)
    {
        var id = blueprint.Routes.NewKey($"{server.Name}{path.Id}");
        var route = blueprint.Routes.Section(id).Set("ClusterId", Cluster(target, pass));
        blueprint.Routes.Comment(id, Blueprint.AtLine(location.Line, location.Text));
        route.Set("Order", order);
        var match = route.Section("Match").Set("Path", path.Pattern);
        if (hosts.Count > 0)
        {
            match.Set("Hosts", hosts);
        }

        new HeaderImport([body, server.Block.Body, location.Body]).Translate(route, path, target, pass);
        Times(route, server, location);
    }

    /// <summary>The cluster of a target: of an upstream, or one made for a host.</summary>
    private string Cluster(ProxyTarget target, Statement pass)
    {
        var key = $"{target.Scheme}://{target.Authority}";
        if (_clusters.TryGetValue(key, out var id))
        {
            return id;
        }

        if (body.FirstOrDefault(statement => statement.Name == "upstream" && statement.Value == target.Authority) is { } upstream)
        {
            return _clusters[key] = UpstreamImport.Translate(blueprint, upstream, target.Scheme);
        }

        (id, var cluster) = blueprint.AddCluster(target.Authority, Blueprint.AtLine(pass.Line, pass.Text));
        Blueprint.AddDestination(cluster, target.Authority, Words.Destination(target.Scheme, target.Host, target.Port)!);
        return _clusters[key] = id;
    }

    private void Times(Draft route, HttpServer server, Statement location)
    {
        var cluster = blueprint.Clusters.Section(route.Text("ClusterId")!);
        var read = Nearest("proxy_read_timeout", server, location);
        if (read is not null && NginxTime.Parse(read.Value) is { } time && time > TimeSpan.Zero)
        {
            cluster.Section("HttpRequest").Set("ActivityTimeout", time);
            read.Same("ActivityTimeout");
        }

        var size = Nearest("client_max_body_size", server, location);
        if (size is not null && NginxTime.Size(size.Value) is { } bytes)
        {
            route.Set("MaxRequestBodySize", bytes == 0 ? -1 : bytes);
            size.Same();
        }
    }

    private Statement? Nearest(string name, HttpServer server, Statement location) =>
        location.Last(name) ?? server.Block.Last(name) ?? body.LastOrDefault(statement => statement.Name == name);

    private void Limits()
    {
        foreach (var (name, key) in _limits)
        {
            if (body.LastOrDefault(statement => statement.Name == name) is { } statement && NginxTime.Parse(statement.Value) is { } time
                && time > TimeSpan.Zero)
            {
                blueprint.Root.Section("Kestrel").Section("Limits").Set(key, time);
                statement.Same(string.Create(CultureInfo.InvariantCulture, $"{key}, one for all listeners"));
            }
        }
    }
}
