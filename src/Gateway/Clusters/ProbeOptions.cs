namespace Gateway.Clusters;

/// <summary>The <c>Probe</c> section of a cluster: how its destinations are looked at.</summary>
internal sealed record ProbeOptions
{
    /// <summary><c>tcp</c>, <c>http</c> or <c>https</c>.</summary>
    public string Kind { get; init; } = "tcp";

    /// <summary>Time between the starts of two probes of one destination.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Time for one whole probe: connect, send and answer together.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Good probes in a row before a destination that is down is up.</summary>
    public int Rise { get; init; } = 2;

    /// <summary>Bad probes in a row before a destination that is up is down.</summary>
    public int Fall { get; init; } = 2;

    /// <summary>Whether a destination counts as up before its first probe ended; the first result then decides at once
    /// either way.</summary>
    public bool InitiallyUp { get; init; }

    /// <summary>Another port to probe than that of the destination's address.</summary>
    public int? Port { get; init; }

    /// <summary>tcp: text to send after connecting; empty sends nothing.</summary>
    public string Send { get; init; } = "";

    /// <summary>tcp: how the answer must begin; empty expects nothing, <c>*</c> is any answer.</summary>
    public string Expect { get; init; } = "";

    /// <summary>tcp: whether <see cref="Expect"/> is a regular expression, searched in the answer.</summary>
    public bool Regex { get; init; }

    /// <summary>http: path and query to ask for.</summary>
    public string Path { get; init; } = "/";

    /// <summary>http: method to ask with.</summary>
    public string Method { get; init; } = "GET";

    /// <summary>http: value of the Host header; null is the destination's address.</summary>
    public string? Host { get; init; }

    /// <summary>http: acceptable status codes and ranges, such as <c>200-299,401</c>.</summary>
    public string Status { get; init; } = "200-299";

    /// <summary>http: text the body must contain within its first 64 KiB; empty looks at no body.</summary>
    public string Body { get; init; } = "";

    /// <summary>https: whether the destination's certificate must be valid for its name.</summary>
    public bool VerifyCertificate { get; init; }
}
