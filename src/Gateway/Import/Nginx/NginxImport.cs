namespace Gateway.Import.Nginx;

/// <summary>Translates nginx.conf as far as it is a load balancer: upstreams become clusters, servers that pass requests on become
/// listeners and routes, servers of <c>stream</c> virtual servers.</summary>
internal static class NginxImport
{
    private static readonly BlockSyntax _syntax = new(EndsAtLine: false, Comments: "#", Quotes: "\"'");

    private static readonly string[] _typical =
        ["upstream", "server", "location", "listen", "server_name", "proxy_pass", "http", "stream", "events", "worker_processes", "worker_connections",
         "proxy_set_header", "user", "pid", "include", "root", "index", "access_log", "error_log", "keepalive", "least_conn;", "ip_hash;"];

    public static double Likeness(SourceText text) => ImportFormats.ShareOfLines(text, line =>
        line is "}" or "};" || ((line.EndsWith(';') || line.EndsWith('{')) && _typical.Contains(line.Split(' ', '\t')[0])));

    public static IReadOnlyList<Statement> Read(SourceText text, Draft draft)
    {
        var file = BlockReader.Read(text, _syntax);
        var blueprint = new Blueprint(draft);
        // A file of conf.d or sites-enabled is what stands in http.
        var https = file.Where(top => top.Name == "http").Select(top => (Block: top, top.Body)).ToList();
        if (https.Count == 0 && file.Any(top => top.Name is "server" or "upstream"))
        {
            https.Add((new Statement(0, ["http"], ""), [.. file.Where(top => top.Name is not ("stream" or "events"))]));
        }

        foreach (var (block, body) in https)
        {
            block.Same();
            new HttpImport(blueprint, body).Translate();
        }

        foreach (var stream in file.Where(top => top.Name == "stream"))
        {
            stream.Same();
            new StreamImport(blueprint, stream.Body).Translate();
        }

        foreach (var statement in file.SelectMany(top => top.All()).Where(statement => !statement.IsJudged))
        {
            OtherDirectives.Judge(statement);
        }

        return file;
    }
}
