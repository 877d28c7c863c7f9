using System.Globalization;

namespace Gateway.Import.Nginx;

/// <summary>Translates the block <c>http</c>: its upstreams, servers and locations.</summary>
/// <remarks>nginx picks the server by name, exact ones before those with a star, else the default one of the listener, and in it the
/// location with the longest beginning of the path. Routes do the same by <c>Order</c>. What a server does not pass on is answered, so that
/// it does not go to the default server.</remarks>
internal sealed class HttpImport(Blueprint blueprint, IReadOnlyList<Statement> body)
{
    /// <summary>What nginx takes of a request's body, in bytes, unless it is told otherwise.</summary>
    private const long DefaultBody = 1024 * 1024;

    private const string Everything = "{**catch-all}";

    private static readonly (string Name, string Key)[] _limits =
        [("keepalive_timeout", "KeepAliveTimeout"), ("client_header_timeout", "RequestHeadersTimeout")];

    private static readonly string[] _restrictions = ["allow", "deny", "auth_basic", "auth_request", "internal", "return", "limit_req", "limit_conn"];

    private readonly Dictionary<string, string> _clusters = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = [];
    private readonly List<Entry> _entries = [];
    private readonly Listeners _listeners = new(blueprint);
    private bool _hasStars;

    /// <summary>One route to be, and where it stands among the others.</summary>
    private sealed record Entry(int Server, int Length, string Id, string Pattern, IReadOnlyList<string> Hosts, Statement Origin, Action<Draft> Write);

    public void Translate()
    {
        var servers = body.Where(statement => statement.Name == "server" && statement.IsBlock).Select(block => new HttpServer(block)).ToList();
        _hasStars = servers.Exists(server => server.Names.Any(name => name.StartsWith('*')));
        _listeners.Choose(servers);
        foreach (var server in servers)
        {
            server.Block.Same();
            _listeners.Add(server, body);
        }

        _listeners.Finish();
        Limits();
        foreach (var server in servers.Where(server => server.Ports.Count > 0))
        {
            Server(server);
        }

        foreach (var (order, entry) in _entries.OrderBy(entry => entry.Server).ThenByDescending(entry => entry.Length).Index())
        {
            Route(entry, order);
        }

        foreach (var upstream in body.Where(statement => statement.Name == "upstream" && !statement.IsJudged))
        {
            UpstreamImport.Translate(blueprint, upstream, "http", []);
            upstream.Same("nothing is passed to it");
        }
    }

    private void Server(HttpServer server)
    {
        if (!server.Hosts(_listeners.IsOnePort, _hasStars).Any())
        {
            server.Block.Impossible("no route can match its names: its requests go to the default server of the listener");
            return;
        }

        if (server.Block.Last("return") is { } rule)
        {
            var id = LocationAnswer.Return(blueprint, rule, server.Block);
            Add(server, server.Block, Everything, 0, "", route => route.Set("ClusterId", id));
            foreach (var location in server.Block.Body.Where(statement => statement.Name == "location"))
            {
                location.JudgeAll(Verdict.Same, string.Create(CultureInfo.InvariantCulture, $"of no effect: line {rule.Line} answers every request"));
            }

            return;
        }

        Locations(server, server.Block, [body, server.Block.Body]);
        // Without a location for all the rest it would be the default server's.
        if (server.HasOwnHosts && !_entries.Exists(entry => entry.Pattern == Everything && server.Owns(entry.Origin)))
        {
            var id = blueprint.AddAnswer(404, null, null, null);
            Add(server, server.Block, Everything, 0, "-rest", route => route.Set("ClusterId", id));
            server.Block.Same("requests for no location of it are answered 404");
        }
    }

    private void Locations(HttpServer server, Statement parent, IReadOnlyList<IReadOnlyList<Statement>> levels)
    {
        // proxy_pass stands in locations only, but for those of an if.
        foreach (var location in parent.Body.Where(statement => statement.Name == "location" && statement.IsBlock))
        {
            IReadOnlyList<IReadOnlyList<Statement>> inner = [.. levels, location.Body];
            Location(server, location, inner);
            Locations(server, location, inner);
        }
    }

    private void Location(HttpServer server, Statement location, IReadOnlyList<IReadOnlyList<Statement>> levels)
    {
        if (LocationPath.Of(location, out var why) is not { } path)
        {
            location.Impossible(why + (!location.Words.Any(word => word.StartsWith('@'))
                ? location.Body.Exists(statement => _restrictions.Contains(statement.Name))
                    ? "; it restricts traffic, and Gateway LETS IT THROUGH where the others go" : "; its requests go where the others go" : ""));
            location.Last("proxy_pass")?.Impossible("its location is impossible");
            return;
        }

        if (LocationAnswer.Of(blueprint, levels, location) is { } answer)
        {
            location.Last("proxy_pass")?.Whole(Verdict.Same, "of no effect: its location answers itself");
            Close(server, location, path, answer);
            return;
        }

        var pass = location.Last("proxy_pass")!;
        if (ProxyTarget.Of(pass.Value) is not { } target)
        {
            pass.Impossible("is no address of an upstream or a server");
            location.Impossible("is passed nowhere: answered 502");
            var id = blueprint.AddAnswer(502, null, null, null);
            Reach(server, location, path.Pattern, path, route => route.Set("ClusterId", id));
            return;
        }

        location.Judge(why.Length > 0 ? Verdict.Approximated : Verdict.Same, why);
        if (path.Prefix != "/")
        {
            server.Block.Approximated("a path with repeated or encoded slashes, such as //api or /%2Fapi, goes where location / goes: nginx merges and decodes them first");
        }

        if (LocationSettings.Nearest(levels, "client_max_body_size") is null)
        {
            server.Block.Same("MaxRequestBodySize: a request has at most 1 MiB where there is no client_max_body_size");
        }

        pass.Same();
        var cluster = Cluster(target, pass, new LocationSettings(levels).Read(target.Scheme));
        Reach(server, location, path.Pattern, path, route => Pass(route.Set("ClusterId", cluster), path, target, pass, levels));
    }

    /// <summary>Adds the routes of a location that answers itself, for all forms of its path: of another form its requests would go to a
    /// server, which may take it for the same path.</summary>
    private void Close(HttpServer server, Statement location, LocationPath path, string answer)
    {
        if (path.Prefix.Trim('/').Length > 0)
        {
            Reach(server, location, PathPattern.Merged(path.Prefix, path.IsWhole), path, route => route.Set("ClusterId", answer));
            location.Judge(Verdict.Approximated, "with repeated and encoded slashes (//, %2F), too, and whatever the case of its letters");
            return;
        }

        Reach(server, location, path.Pattern, path, route => route.Set("ClusterId", answer));
        if (path.IsWhole)
        {
            Add(server, location, "{**rest:regex(^(/|%2F)+$)}", int.MaxValue, path.Id, route => route.Set("ClusterId", answer));
        }
    }

    private void Reach(HttpServer server, Statement location, string pattern, LocationPath path, Action<Draft> write)
    {
        if (!Add(server, location, pattern, path.IsWhole && pattern != Everything ? int.MaxValue : path.Prefix.Length, path.Id, write))
        {
            location.Impossible("another server or location has its name and path already");
        }
    }

    /// <summary>Adds the routes of a location for all names and listeners of its server. Returns whether there is any.</summary>
    private bool Add(HttpServer server, Statement origin, string pattern, int length, string id, Action<Draft> write)
    {
        var isReached = false;
        foreach (var (order, hosts) in server.Hosts(_listeners.IsOnePort, _hasStars))
        {
            // Two routes alike would be told apart by nobody, and every request to them would fail.
            var free = (hosts.Count == 0 ? [""] : hosts).Where(host => _taken.Add($"{order} {host} {pattern}".ToLowerInvariant())).ToList();
            if (free.Count > 0)
            {
                isReached = true;
                _entries.Add(new Entry(order, length, server.Name + id, pattern, hosts.Count == 0 ? [] : free, origin, write));
            }
        }

        return isReached;
    }

    private void Route(Entry entry, int order)
    {
        var id = blueprint.Routes.NewKey(entry.Id);
        var route = blueprint.Routes.Section(id).Set("ClusterId", "");
        blueprint.Routes.Comment(id, Blueprint.AtLine(entry.Origin.Line, entry.Origin.Text));
        route.Set("Order", order);
        var match = route.Section("Match").Set("Path", entry.Pattern);
        if (entry.Hosts.Count > 0)
        {
            match.Set("Hosts", entry.Hosts);
        }

        entry.Write(route);
    }

    private static void Pass(Draft route, LocationPath path, ProxyTarget target, Statement pass, IReadOnlyList<IReadOnlyList<Statement>> levels)
    {
        new HeaderImport(levels).Translate(route, path, target, pass);
        var size = LocationSettings.Nearest(levels, "client_max_body_size");
        var bytes = size is null ? null : NginxTime.Size(size.Value);
        route.Set("MaxRequestBodySize", bytes == 0 ? -1 : bytes ?? DefaultBody);
        size?.Judge(bytes is null ? Verdict.Approximated : Verdict.Same, bytes is null ? "is no size; 1m is used" : null);
    }

    /// <summary>The cluster of a target with these settings: of an upstream, or one made for a host.</summary>
    private string Cluster(ProxyTarget target, Statement pass, LocationSettings settings)
    {
        var key = $"{target.Scheme}://{target.Authority} {settings.Key}";
        if (_clusters.TryGetValue(key, out var id))
        {
            return id;
        }

        if (body.FirstOrDefault(statement => statement.Name == "upstream" && statement.Value == target.Authority) is { } upstream)
        {
            id = UpstreamImport.Translate(blueprint, upstream, target.Scheme, settings.Statuses);
        }
        else
        {
            (id, var cluster) = blueprint.AddCluster(target.Authority, Blueprint.AtLine(pass.Line, pass.Text));
            Blueprint.AddDestination(cluster, target.Authority, Words.Destination(target.Scheme, target.Host, target.Port)!);
        }

        settings.WriteTo(blueprint.Clusters.Section(id));
        return _clusters[key] = id;
    }

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
