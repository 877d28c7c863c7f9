namespace Gateway.Import.Haproxy;

/// <summary>One <c>server</c> line: a destination, and how it is checked.</summary>
internal sealed class ServerLine
{
    private static readonly string[] _withValue =
        ["inter", "fastinter", "downinter", "rise", "fall", "port", "addr", "weight", "maxconn", "minconn", "maxqueue", "cookie", "slowstart",
         "verify", "ca-file", "crt", "sni", "check-sni", "alpn", "check-alpn", "proto", "check-proto", "on-error", "on-marked-down", "on-marked-up",
         "observe", "error-limit", "resolvers", "resolve-prefer", "resolve-opts", "resolve-net", "init-addr", "track", "id", "redir", "source",
         "usesrc", "namespace", "agent-port", "agent-inter", "agent-addr", "agent-send", "ciphers", "ciphersuites", "ssl-min-ver", "ssl-max-ver",
         "verifyhost", "pool-max-conn", "pool-purge-delay", "pool-low-conn", "max-reuse", "crl-file", "socks4", "tcp-ut", "ws", "shard", "log-proto"];

    private readonly Statement _line;
    private readonly bool _isHttp;
    private readonly int _frontPort;
    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);

    public ServerLine(Statement line, IReadOnlyList<string> defaults, bool isHttp, int frontPort)
    {
        (_line, _isHttp, _frontPort) = (line, isHttp, frontPort);
        var isTemplate = line.Name == "server-template";
        Read(defaults);
        Read([.. line.Words.Skip(isTemplate ? 4 : 3)]);
    }

    public Statement Line => _line;

    public Draft Destination { get; private set; } = new();

    public bool IsChecked => _options.ContainsKey("check");

    public bool IsBackup => _options.ContainsKey("backup");

    public bool IsTls => _options.ContainsKey("ssl");

    /// <summary>Whether the server's certificate is not looked at, which one client of a cluster does for all.</summary>
    public bool AcceptsAnyCertificate => _isHttp && IsTls && Option("verify") == "none";

    /// <summary>The value of a parameter, of the line or else of its defaults; null when it is not there.</summary>
    public string? Option(string name) => _options.GetValueOrDefault(name);

    /// <summary>The version of the PROXY protocol it gets; null for none.</summary>
    public string? ProxyProtocol => _options.ContainsKey("send-proxy") ? "v1"
        : _options.Keys.Any(name => name.StartsWith("send-proxy-v2", StringComparison.Ordinal)) ? "v2" : null;

    public bool AddTo(Draft cluster)
    {
        var isTemplate = _line.Name == "server-template";
        var name = _line.Words.ElementAtOrDefault(1) ?? "";
        var written = _line.Words.ElementAtOrDefault(isTemplate ? 3 : 2) ?? "";
        var (host, portWord) = Words.Split(Bare(written));
        var port = portWord.Length == 0 ? _frontPort : portWord[0] == '+' && Words.Whole(portWord[1..]) is { } offset ? _frontPort + (int)Math.Min(offset, 65535)
            : Words.Port(portWord) ?? 0;
        var scheme = !_isHttp ? "tcp" : IsTls ? "https" : "http";
        var address = port is > 0 and <= 65535 ? Words.Destination(scheme, host, port) : null;
        if (address is null || Blueprint.AddDestination(cluster, name, address) is not { } added)
        {
            _line.Impossible(address is null ? $"'{written}' is no host and port" : "another server has the same address");
            return false;
        }

        Destination = added.Destination;
        _line.Same();
        if (isTemplate)
        {
            _line.Approximated("one destination, which stands for all addresses of the name");
        }

        Weight();
        Limit();
        if (IsBackup)
        {
            Destination.Set("Backup", true);
        }

        if (_options.ContainsKey("disabled"))
        {
            cluster.Section("Destinations").SwitchOff(added.Id, Blueprint.AtLine(_line.Line, "disabled"));
        }

        if (!_isHttp && IsTls)
        {
            _line.Impossible("virtual servers speak no TLS to servers: what the client sends goes there as it is");
        }

        Rest();
        return !_options.ContainsKey("disabled");
    }

    /// <summary>Without the prefixes that say what kind of address it is.</summary>
    private static string Bare(string address) =>
        address.StartsWith("ipv4@", StringComparison.Ordinal) || address.StartsWith("ipv6@", StringComparison.Ordinal) ? address[5..] : address;

    private void Weight()
    {
        if (Option("weight") is { } word)
        {
            if (Words.Whole(word) is <= 256 and var weight)
            {
                Destination.Set("Weight", weight);
            }
            else
            {
                _line.Approximated($"weight '{word}' is not from 0 to 256; 1 is used");
            }
        }
    }

    private void Limit()
    {
        if (Option("maxconn") is not { } word)
        {
            return;
        }

        if (Words.Whole(word) is <= int.MaxValue and var limit)
        {
            Destination.Set("MaxConnections", limit);
            _line.Approximated("MaxConnections: what is beyond goes to another destination or is refused, and does not wait");
        }
        else
        {
            _line.Approximated($"maxconn '{word}' is no number");
        }
    }

    private void Rest()
    {
        foreach (var (name, value) in _options)
        {
            var note = name switch
            {
                "send-proxy" or "send-proxy-v2" or "send-proxy-v2-ssl" or "send-proxy-v2-ssl-cn" =>
                    _isHttp ? "the PROXY protocol is not sent with HTTP: servers see Gateway's address"
                        : name.Contains("ssl", StringComparison.Ordinal) ? "nothing of TLS is told" : null,
                "check-send-proxy" => "probes send no PROXY protocol",
                "slowstart" => "SlowStart of the cluster, for all its servers",
                "minconn" or "maxqueue" or "fullconn" => $"{name} has no counterpart",
                "agent-check" when !_options.ContainsKey("agent-port") => "the agent's port is missing",
                "agent-addr" => "the agent is asked at the server's address",
                "ca-file" or "crt" or "crl-file" or "verifyhost" => $"{name}: certificates are checked by the system's authorities",
                "on-marked-down" => "connections of a server that is down end by themselves",
                "observe" or "on-error" or "error-limit" => "live traffic does not mark a server down",
                "source" or "usesrc" or "namespace" or "interface" => "connections leave by the way the system's routes say",
                "track" => "the server is probed by itself",
                "redir" => "clients are not redirected to servers",
                "non-stick" => "every server is remembered",
                _ => null,
            };
            if (note is not null)
            {
                _line.Approximated(note);
            }
        }
    }

    private void Read(IReadOnlyList<string> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i] is "no-check" or "enabled")
            {
                _options.Remove(words[i] == "enabled" ? "disabled" : "check");
            }
            else if (_withValue.Contains(words[i]) && i + 1 < words.Count)
            {
                _options[words[i]] = words[++i];
            }
            else
            {
                _options[words[i]] = "";
            }
        }
    }
}
