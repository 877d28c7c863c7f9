namespace Gateway.Import.Haproxy;

/// <summary>The parameters of <c>server</c> and <c>default-server</c> lines (haproxy 2.6 and older), and what becomes of each.</summary>
internal static class ServerWords
{
    private const string Pool = "connections to servers are kept and shared by Gateway's own rules";
    private const string Versions = "TLS versions, ciphers and protocols are the system's, or SslProtocols of HttpClient";
    private const string NoCertificate = "Gateway shows servers no certificate of its own";
    private const string Way = "connections leave by the way the system's routes say";

    /// <summary>How many values each has, and what is to be said of it; null where it is taken over, or told by who takes it over.
    /// </summary>
    private static readonly Dictionary<string, (int Values, string? Note)> _known = new(StringComparer.Ordinal)
    {
        ["check"] = (0, null),
        ["check-ssl"] = (0, null),
        ["agent-check"] = (0, null),
        ["backup"] = (0, null),
        ["disabled"] = (0, null),
        ["ssl"] = (0, null),
        ["verifyhost"] = (1, null),
        ["send-proxy"] = (0, null),
        ["send-proxy-v2"] = (0, null),
        ["send-proxy-v2-ssl"] = (0, null),
        ["send-proxy-v2-ssl-cn"] = (0, null),
        ["weight"] = (1, null),
        ["maxconn"] = (1, null),
        ["maxqueue"] = (1, null),
        ["inter"] = (1, null),
        ["fastinter"] = (1, null),
        ["downinter"] = (1, null),
        ["rise"] = (1, null),
        ["fall"] = (1, null),
        ["port"] = (1, null),
        ["addr"] = (1, null),
        ["cookie"] = (1, null),
        ["slowstart"] = (1, null),
        ["verify"] = (1, null),
        ["ca-file"] = (1, null),
        ["sni"] = (1, null),
        ["check-sni"] = (1, null),
        ["agent-port"] = (1, null),
        ["agent-inter"] = (1, null),
        ["agent-send"] = (1, null),
        ["observe"] = (1, null),
        ["error-limit"] = (1, null),
        ["on-error"] = (1, null),
        ["resolvers"] = (1, null),
        ["resolve-prefer"] = (1, null),
        ["id"] = (1, null),
        ["ssl-reuse"] = (0, null),
        ["check-send-proxy"] = (0, "check-send-proxy: probes send no PROXY protocol"),
        ["check-via-socks4"] = (0, "check-via-socks4: servers are connected to directly"),
        ["check-alpn"] = (1, "check-alpn: a probe speaks HTTP/1.1; kind h2 speaks HTTP/2"),
        ["check-proto"] = (1, "check-proto: a probe speaks HTTP/1.1; kind h2 speaks HTTP/2"),
        ["alpn"] = (1, "alpn: see Version of HttpRequest"),
        ["npn"] = (1, "npn: see Version of HttpRequest"),
        ["proto"] = (1, "proto: see Version of HttpRequest"),
        ["ws"] = (1, "ws: WebSockets go by HTTP/1.1"),
        ["minconn"] = (1, "minconn: the limit does not move with the load"),
        ["agent-addr"] = (1, "agent-addr: the agent is asked at the server's address"),
        ["crt"] = (1, $"crt: {NoCertificate}"),
        ["crl-file"] = (1, "crl-file: no revocation lists are read"),
        ["ciphers"] = (1, Versions),
        ["ciphersuites"] = (1, Versions),
        ["ssl-min-ver"] = (1, Versions),
        ["ssl-max-ver"] = (1, Versions),
        ["force-sslv3"] = (0, Versions),
        ["force-tlsv10"] = (0, Versions),
        ["force-tlsv11"] = (0, Versions),
        ["force-tlsv12"] = (0, Versions),
        ["force-tlsv13"] = (0, Versions),
        ["sslv3"] = (0, Versions),
        ["tlsv10"] = (0, Versions),
        ["tlsv11"] = (0, Versions),
        ["tlsv12"] = (0, Versions),
        ["tlsv13"] = (0, Versions),
        ["tls-tickets"] = (0, Versions),
        ["allow-0rtt"] = (0, "allow-0rtt: no early data is sent"),
        ["on-marked-down"] = (1, "on-marked-down: connections of a server that is down end by themselves"),
        ["on-marked-up"] = (1, "on-marked-up: connections stay where they are"),
        ["resolve-opts"] = (1, "resolve-opts: each address of a name is used once"),
        ["resolve-net"] = (1, "resolve-net: no addresses of a name are preferred"),
        ["init-addr"] = (1, "init-addr: a name that is not known at the start is looked up again"),
        ["source"] = (1, $"source: {Way}"),
        ["usesrc"] = (1, $"usesrc: {Way}; see Transparent of a virtual server"),
        ["interface"] = (1, $"interface: {Way}"),
        ["namespace"] = (1, $"namespace: {Way}"),
        ["socks4"] = (1, "socks4: servers are connected to directly"),
        ["track"] = (1, "track: the server is probed by itself"),
        ["redir"] = (1, "redir: clients are not redirected to servers"),
        ["non-stick"] = (0, "non-stick: every server is remembered"),
        ["stick"] = (0, null),
        ["proxy-v2-options"] = (1, "proxy-v2-options: the extensions of a proxy in front are passed on, and none added"),
        ["pool-max-conn"] = (1, Pool),
        ["pool-low-conn"] = (1, Pool),
        ["pool-purge-delay"] = (1, Pool),
        ["max-reuse"] = (1, Pool),
        ["tcp-ut"] = (1, "tcp-ut: see UserTimeout of a virtual server"),
        ["tfo"] = (0, "tfo: TCP fast open is not used"),
        ["shard"] = (1, "shard: of peers and logs"),
        ["log-proto"] = (1, "log-proto: of peers and logs"),
    };

    /// <summary>One parameter, and the line it is written in.</summary>
    public readonly record struct Parameter(string Value, Statement Line);

    /// <summary>Reads parameters into those that stand already; later ones win, and <c>no-</c> takes one back. What is not known is told.
    /// </summary>
    public static void Read(Dictionary<string, Parameter> into, Statement line, int from)
    {
        var words = line.Rest(from);
        var unknown = new List<string>();
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i] == "enabled" ? "no-disabled" : words[i];
            var bare = word.StartsWith("no-", StringComparison.Ordinal) ? word[3..] : "";
            if (_known.TryGetValue(bare, out var taken) && taken.Values == 0)
            {
                into.Remove(bare);
            }
            else if (!_known.TryGetValue(word, out var meaning))
            {
                unknown.Add(word);
            }
            else if (i + meaning.Values >= words.Count)
            {
                line.Approximated($"'{word}' is left out: its value is missing");
            }
            else
            {
                into[word] = new Parameter(meaning.Values > 0 ? words[++i] : "", line);
                if (meaning.Note is not null)
                {
                    line.Approximated(meaning.Note);
                }
            }
        }

        if (unknown.Count > 0)
        {
            line.Approximated($"'{string.Join(' ', unknown)}' is left out: no parameter of a server that Gateway knows");
        }
    }
}
