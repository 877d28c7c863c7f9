using System.Globalization;
using System.Text.RegularExpressions;

namespace Gateway.Import.Haproxy;

/// <summary>One <c>server</c> line: a destination, and how it is checked.</summary>
internal sealed partial class ServerLine
{
    private const string SystemAuthorities = "@system-ca";

    private readonly Statement _line;
    private readonly Proxy _proxy;
    private readonly bool _isHttp;
    private readonly IReadOnlyList<int> _frontPorts;
    private readonly Dictionary<string, ServerWords.Parameter> _options = new(StringComparer.Ordinal);

    public ServerLine(Statement line, Proxy proxy, bool isHttp, IReadOnlyList<int> frontPorts)
    {
        (_line, _proxy, _isHttp, _frontPorts) = (line, proxy, isHttp, frontPorts);
        foreach (var defaults in proxy.DefaultServers(line.Line))
        {
            ServerWords.Read(_options, defaults, 1);
        }

        ServerWords.Read(_options, line, IsTemplate ? 4 : 3);
    }

    public Statement Line => _line;

    public Draft Destination { get; private set; } = new();

    public bool IsChecked => Has("check");

    public bool IsBackup => Has("backup");

    public bool IsTls => Has("ssl");

    /// <summary>Whether probes speak TLS: as the traffic does, unless they go elsewhere.</summary>
    public bool IsCheckedByTls => Has("check-ssl") || (IsTls && !Has("port") && !Has("addr"));

    /// <summary>Whether the server's certificate is not looked at.</summary>
    public bool AcceptsAnyCertificate => (Option("verify") ?? _proxy.DefaultVerify) == "none";

    /// <summary>Whether its certificate must come from authorities that are not the system's.</summary>
    public bool HasOwnAuthorities => Option("ca-file") is not (null or SystemAuthorities);

    /// <summary>The TLS that the server is to be spoken to with by a virtual server; null for none.</summary>
    public ServerTls? Tls => !IsTls ? null : AcceptsAnyCertificate ? new ServerTls(false, Name(), null)
        : new ServerTls(true, Name(), HasOwnAuthorities ? Path.Combine(_proxy.AuthorityBase ?? "", Option("ca-file")!) : null);

    /// <summary>The version of the PROXY protocol it gets; null for none.</summary>
    public string? ProxyProtocol => Has("send-proxy") ? "v1"
        : _options.Keys.Any(name => name.StartsWith("send-proxy-v2", StringComparison.Ordinal)) ? "v2" : null;

    private bool IsTemplate => _line.Name == "server-template";

    /// <summary>The value of a parameter, of the line or else of its defaults; null when it is not there.</summary>
    public string? Option(string name) => _options.TryGetValue(name, out var parameter) ? parameter.Value : null;

    public bool Has(string name) => _options.ContainsKey(name);

    /// <summary>Tells something of a parameter in the line that it is written in.</summary>
    public void Tell(string name, Verdict verdict, string note) =>
        (_options.TryGetValue(name, out var parameter) ? parameter.Line : _line).Judge(verdict, note);

    /// <summary>The name that a parameter such as <c>sni str(www)</c> stands for; null when it is an expression.</summary>
    public string? NameIn(string option) => Option(option) is not { } word ? null
        : Sample().Match(word) is { Success: true } match && Words.IsHostName(match.Groups[1].Value) ? match.Groups[1].Value
        : option != "sni" && Words.IsHostName(word) ? word : null;

    public bool AddTo(Draft cluster)
    {
        var name = _line.Value;
        var count = IsTemplate ? _line.Word(2) : null;
        var written = _line.Word(IsTemplate ? 3 : 2) ?? "";
        var (host, portWord) = Words.Split(Bare(written));
        var frontPort = _frontPorts.Count > 0 ? _frontPorts[0] : 0;
        var offset = portWord.Length == 0 ? 0 : portWord[0] == '+' ? Words.Whole(portWord[1..]) : null;
        var port = offset is { } distance ? frontPort + (int)Math.Min(distance, 65535) : Words.Port(portWord) ?? 0;
        var scheme = !_isHttp ? "tcp" : IsTls ? "https" : "http";
        var isService = host.StartsWith('_') && host.Contains("._", StringComparison.Ordinal);
        var address = port is > 0 and <= 65535 || isService ? Words.Destination(scheme, host, isService && port == 0 ? 1 : port) : null;
        if (address is null || Blueprint.AddDestination(cluster, name, address) is not { } added)
        {
            _line.Impossible(address is null ? $"'{written}' is no host and port" : "another server has the same address");
            return false;
        }

        Destination = added.Destination;
        _line.Same();
        if (offset is not null && _frontPorts.Count > 1 && !isService)
        {
            _line.Approximated(string.Create(CultureInfo.InvariantCulture,
                $"is connected to at port {port}, whichever of the ports {string.Join(", ", _frontPorts)} the client came to, where haproxy goes on to the like port: give each port a backend with servers of that port"));
        }

        Lookup(host, isService, count);
        Weight();
        Limit();
        if (IsBackup)
        {
            Destination.Set("Backup", true);
        }

        if (Has("disabled"))
        {
            cluster.Section("Destinations").SwitchOff(added.Id, Blueprint.AtLine(_line.Line, "disabled"));
            _line.Same("disabled: written as a comment");
        }

        Encryption();
        Rest();
        return !Has("disabled");
    }

    /// <summary>Without the prefixes that say what kind of address it is.</summary>
    private static string Bare(string address) =>
        address.StartsWith("ipv4@", StringComparison.Ordinal) || address.StartsWith("ipv6@", StringComparison.Ordinal) ? address[5..] : address;

    /// <summary>A server is one address of its name; a template one for each, as many as there are.</summary>
    private void Lookup(string host, bool isService, string? count)
    {
        if (Words.Address(host) is not null)
        {
            return;
        }

        var family = Option("resolve-prefer");
        if (isService)
        {
            Destination.Set("Resolve", "srv");
            _line.Same("Resolve srv: each host of the service is a destination, with the weight and priority of its record");
        }
        else if (IsTemplate)
        {
            Destination.Set("Resolve", family is "ipv4" or "ipv6" ? family : "all");
            _line.Judge(family is null ? Verdict.Same : Verdict.Approximated, $"Resolve: each address of the name is a destination, up to 128 and not {count}"
                + (family is null ? "" : "; those of the other family are not used"));
        }
        else
        {
            Destination.Set("Resolve", "off");
            _line.Judge(Has("resolvers") && family is null ? Verdict.Same : Verdict.Approximated,
                "Resolve off: one destination whose name is looked up at each connect" + (family is null ? "" : $", {family} not before the other"));
        }

        if (Has("resolvers"))
        {
            Tell("resolvers", Verdict.Same, "Names: the servers to ask are those of the system, or of Names:Servers");
        }
    }

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
                Tell("weight", Verdict.Approximated, $"weight '{word}' is not from 0 to 256; 1 is used");
            }
        }
    }

    private void Limit()
    {
        if (Option("maxconn") is not { } word)
        {
            return;
        }

        if (Words.Whole(word) is > int.MaxValue or null)
        {
            Tell("maxconn", Verdict.Approximated, $"maxconn '{word}' is no number");
            return;
        }

        Destination.Set("MaxConnections", Words.Whole(word)!.Value);
    }

    private string? Name() => NameIn("verifyhost") ?? NameIn("sni");

    private void Encryption()
    {
        if (!IsTls)
        {
            return;
        }

        if (Has("sni") && (_isHttp || NameIn("sni") is null))
        {
            Tell("sni", Verdict.Approximated, _isHttp ? "sni: the server name of TLS is the host that the request goes on with"
                : "sni: the server name of TLS is DestinationName, else the host of the address");
        }

        if (AcceptsAnyCertificate)
        {
            return;
        }

        if (_isHttp && (HasOwnAuthorities || Has("verifyhost")))
        {
            var name = HasOwnAuthorities ? "ca-file" : "verifyhost";
            Tell(name, Verdict.Approximated, $"{name}: certificates of servers must come from the system's authorities and have the name that is asked for");
        }
        else if (!_isHttp && Name() is null)
        {
            _line.Approximated("its certificate must also have the host of its address for a name, or DestinationName");
        }
    }

    private void Rest()
    {
        foreach (var (name, (value, _)) in _options)
        {
            var note = name switch
            {
                "send-proxy" or "send-proxy-v2" or "send-proxy-v2-ssl" or "send-proxy-v2-ssl-cn" =>
                    _isHttp ? "the PROXY protocol is not sent with HTTP: servers see Gateway's address"
                        : name.Contains("ssl", StringComparison.Ordinal) ? "nothing of TLS is told" : null,
                "slowstart" => "SlowStart of the cluster, for all its servers",
                "agent-check" when !Has("agent-port") => "agent-check: the agent's port is missing",
                "agent-port" or "agent-inter" or "agent-send" when !Has("agent-check") => $"{name} is of no effect without agent-check",
                "on-error" or "error-limit" when !Has("observe") => $"{name} is of no effect without observe",
                "verify" when value is not ("none" or "required") => $"verify '{value}' is taken for required",
                _ => null,
            };
            if (name.StartsWith("send-proxy", StringComparison.Ordinal) && IsChecked && !Has("port") && !Has("addr"))
            {
                Tell(name, Verdict.Approximated, "probes send no PROXY header, where haproxy's checks do: a server that insists on it is taken for down");
            }

            if (note is not null)
            {
                Tell(name, note.Contains("of no effect", StringComparison.Ordinal) ? Verdict.Same : Verdict.Approximated, note);
            }
        }
    }

    [GeneratedRegex(@"^str\(([^)]*)\)$")]
    private static partial Regex Sample();
}
