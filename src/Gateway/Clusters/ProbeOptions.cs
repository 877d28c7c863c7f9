namespace Gateway.Clusters;

/// <summary>A <c>Probe</c> section of a cluster, or one of its <c>Probes</c>: how its destinations are looked at.</summary>
/// <remarks>One record for all kinds; which kind reads which key is listed in docs/probes.md and held by the check of the
/// configuration. Equal options for an equal target are one probe, however many clusters ask for it.</remarks>
internal sealed record ProbeOptions
{
    /// <summary>The name of the prober, such as <c>tcp</c> or <c>http</c>.</summary>
    public string Kind { get; init; } = "tcp";

    /// <summary>Time between the starts of two probes of one destination.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>The interval while the last probe speaks against the verdict and <see cref="Rise"/> or <see cref="Fall"/>
    /// is not reached; null is <see cref="Interval"/>.</summary>
    public TimeSpan? FastInterval { get; init; }

    /// <summary>The interval while the destination is down; null is <see cref="Interval"/>.</summary>
    public TimeSpan? DownInterval { get; init; }

    /// <summary>Time for one whole probe: connect, send and answer together.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Good probes in a row before a destination that is down is up.</summary>
    public int Rise { get; init; } = 2;

    /// <summary>Bad probes in a row before a destination that is up is down.</summary>
    public int Fall { get; init; } = 2;

    /// <summary>Whether a destination counts as up before its first probe ended; the first result then decides at once
    /// either way.</summary>
    public bool InitiallyUp { get; init; }

    /// <summary>Another host or address to probe than that of the destination's address.</summary>
    public string? Address { get; init; }

    /// <summary>Another port to probe than that of the destination's address.</summary>
    public int? Port { get; init; }

    /// <summary>tcp, udp, agent: text to send after connecting; empty sends nothing.</summary>
    public string Send { get; init; } = "";

    /// <summary>tcp, udp: bytes to send, in hexadecimal, instead of <see cref="Send"/>.</summary>
    public string SendHex { get; init; } = "";

    /// <summary>tcp, udp: how the answer must begin; empty expects nothing, <c>*</c> is any answer. command: the whole
    /// output.</summary>
    public string Expect { get; init; } = "";

    /// <summary>tcp, udp: how the answer must begin, in hexadecimal with <c>?</c> for a half byte that does not matter.
    /// </summary>
    public string ExpectHex { get; init; } = "";

    /// <summary>Whether <see cref="Expect"/> or <see cref="Body"/> is a regular expression, searched in the answer.</summary>
    public bool Regex { get; init; }

    /// <summary>tcp: further steps, after that of <see cref="Send"/> and <see cref="Expect"/>.</summary>
    public ValueList<ProbeStep> Steps { get; init; } = [];

    /// <summary>tcp, udp, command: judge exactly as piranha's nanny does.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether the conversation is held over TLS, for the kinds that can do without.</summary>
    public bool Tls { get; init; }

    /// <summary>TLS: name to ask for (SNI) and to look for in the certificate; null is the host of the request or of the
    /// address.</summary>
    public string? ServerName { get; init; }

    /// <summary>TLS: whether the destination's certificate must be valid for its name.</summary>
    public bool VerifyCertificate { get; init; }

    /// <summary>http: path and query to ask for. agent: the same, and then the agent is asked over HTTP.</summary>
    public string Path { get; init; } = "/";

    /// <summary>http: method to ask with.</summary>
    public string Method { get; init; } = "GET";

    /// <summary>http: value of the Host header; null is the destination's address. smtp: name to say in HELO.</summary>
    public string? Host { get; init; }

    /// <summary>http: further headers to send.</summary>
    public ValueList<ProbeHeader> Headers { get; init; } = [];

    /// <summary>http: acceptable status codes and ranges, such as <c>200-299,401</c>.</summary>
    public string Status { get; init; } = "200-299";

    /// <summary>http: status codes by which a destination says that it is leaving: it is up, and gets no new client.
    /// </summary>
    public string DrainStatus { get; init; } = "";

    /// <summary>http: text the body must contain within its first 64 KiB; empty looks at no body.</summary>
    public string Body { get; init; } = "";

    /// <summary>http: SHA-256 of the whole body, at most 1 MiB, in hexadecimal; empty looks at no body.</summary>
    public string BodySha256 { get; init; } = "";

    /// <summary>grpc: the service whose health is asked for; empty is that of the server as a whole.</summary>
    public string Service { get; init; } = "";

    /// <summary>dns: the name to ask for.</summary>
    public string Query { get; init; } = ".";

    /// <summary>dns: the type of record to ask for.</summary>
    public string QueryType { get; init; } = "SOA";

    /// <summary>dns: the data one record of the answer must have; empty takes any.</summary>
    public string Answer { get; init; } = "";

    /// <summary>postgres: the user to begin a session for.</summary>
    public string User { get; init; } = "gateway";

    /// <summary>command: program and arguments; <c>%h</c> and <c>%p</c> stand for address and port.</summary>
    public ValueList<string> Command { get; init; } = [];

    /// <summary>command: whether exit codes from 2 are weights, two more than the weight.</summary>
    public bool WeightFromExit { get; init; }
}
