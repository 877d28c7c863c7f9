namespace Gateway.Import.Haproxy;

/// <summary>The parameters of a <c>bind</c> line (haproxy 2.6 and older).</summary>
/// <param name="IsTls">Whether clients speak TLS.</param>
/// <param name="Certificate">The file with certificate and key; null when none is named.</param>
/// <param name="AcceptsProxy">Whether connections begin with a PROXY protocol header.</param>
/// <param name="ClientCertificate">Whether clients are asked for certificates: <c>none</c>, <c>optional</c> or <c>required</c>.</param>
/// <param name="IsHttp2">Whether HTTP/2 is offered.</param>
internal sealed record BindWords(bool IsTls, string? Certificate, bool AcceptsProxy, string ClientCertificate, bool IsHttp2)
{
    private const string Versions = "TLS versions and ciphers are the system's, or SslProtocols of the endpoint";
    private const string Process = "of the process: Gateway's listeners are all alike";

    private static readonly Dictionary<string, (int Values, string? Note)> _known = new(StringComparer.Ordinal)
    {
        ["ssl"] = (0, null),
        ["crt"] = (1, null),
        ["accept-proxy"] = (0, null),
        ["verify"] = (1, null),
        ["alpn"] = (1, null),
        ["ca-file"] = (1, null),
        ["name"] = (1, null),
        ["id"] = (1, null),
        ["v6only"] = (0, null),
        ["defer-accept"] = (0, null),
        ["v4v6"] = (0, "v4v6: name the address of the other family, too"),
        ["crt-list"] = (1, "crt-list: certificates by name are Sni of the endpoint"),
        ["strict-sni"] = (0, "strict-sni: clients that ask for another name get the same certificate"),
        ["ca-verify-file"] = (1, "ca-verify-file is not read"),
        ["crl-file"] = (1, "crl-file: no revocation lists are read"),
        ["ca-ignore-err"] = (1, "ca-ignore-err: no error is ignored"),
        ["crt-ignore-err"] = (1, "crt-ignore-err: no error is ignored"),
        ["ciphers"] = (1, Versions),
        ["ciphersuites"] = (1, Versions),
        ["curves"] = (1, Versions),
        ["ecdhe"] = (1, Versions),
        ["ssl-min-ver"] = (1, Versions),
        ["ssl-max-ver"] = (1, Versions),
        ["no-sslv3"] = (0, Versions),
        ["no-tlsv10"] = (0, Versions),
        ["no-tlsv11"] = (0, Versions),
        ["no-tlsv12"] = (0, Versions),
        ["no-tlsv13"] = (0, Versions),
        ["no-tls-tickets"] = (0, Versions),
        ["force-tlsv12"] = (0, Versions),
        ["force-tlsv13"] = (0, Versions),
        ["prefer-client-ciphers"] = (0, Versions),
        ["tls-ticket-keys"] = (1, Versions),
        ["allow-0rtt"] = (0, "allow-0rtt: early data is not taken"),
        ["npn"] = (1, "npn: see Protocols of the endpoint"),
        ["proto"] = (1, "proto: see Protocols of the endpoint"),
        ["accept-netscaler-cip"] = (1, "accept-netscaler-cip: its header is not read"),
        ["maxconn"] = (1, "maxconn: see MaxConnections of a virtual server, or Kestrel:Limits"),
        ["backlog"] = (1, "backlog: the system's is used"),
        ["interface"] = (1, "interface: name an address of the interface instead; the address is listened on EVERYWHERE"),
        ["transparent"] = (0, "transparent: addresses that are not the machine's cannot be listened on"),
        ["mss"] = (1, "mss: the system's is used"),
        ["tcp-ut"] = (1, "tcp-ut: see UserTimeout of a virtual server"),
        ["tfo"] = (0, "tfo: TCP fast open is not used"),
        ["nice"] = (1, Process),
        ["process"] = (1, Process),
        ["thread"] = (1, Process),
        ["shards"] = (1, Process),
        ["expose-fd"] = (1, Process),
        ["namespace"] = (1, "namespace: addresses are those of Gateway's own"),
        ["mode"] = (1, "mode: of sockets of the file system"),
        ["user"] = (1, "user: of sockets of the file system"),
        ["group"] = (1, "group: of sockets of the file system"),
        ["uid"] = (1, "uid: of sockets of the file system"),
        ["gid"] = (1, "gid: of sockets of the file system"),
        ["level"] = (1, "level: of the stats socket"),
        ["severity-output"] = (1, "severity-output: of the stats socket"),
    };

    /// <summary>Reads the parameters of a line. What is not known, or has no counterpart, is told.</summary>
    /// <param name="bind">The line.</param>
    /// <param name="folder">The folder of certificates whose names are relative; null is none.</param>
    public static BindWords Of(Statement bind, string? folder)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var words = bind.Rest(2);
        for (var i = 0; i < words.Count; i++)
        {
            if (!_known.TryGetValue(words[i], out var meaning))
            {
                bind.Approximated($"'{words[i]}' is left out: no parameter of a listener that Gateway knows");
                continue;
            }

            if (meaning.Note is not null)
            {
                bind.Approximated(meaning.Note);
            }

            var name = words[i];
            if (name == "crt" && values.TryGetValue(name, out var first))
            {
                bind.Approximated($"crt: further certificates are Sni of the endpoint; {first} is for all names");
                i++;
                continue;
            }

            values[name] = meaning.Values > 0 ? words.ElementAtOrDefault(++i) ?? "" : "";
        }

        var certificate = values.GetValueOrDefault("crt");
        return new BindWords(values.ContainsKey("ssl"), string.IsNullOrEmpty(certificate) || certificate.EndsWith('/') ? null : Path.Combine(folder ?? "", certificate),
            values.ContainsKey("accept-proxy"), values.GetValueOrDefault("verify", "none"),
            values.GetValueOrDefault("alpn", "").Contains("h2", StringComparison.Ordinal));
    }

    /// <summary>Says that everybody is believed who sends a PROXY protocol header, as by haproxy.</summary>
    public const string Believed = "ProxyProtocol: every client is believed, as by haproxy; name the proxies in From";
}
