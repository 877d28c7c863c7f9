namespace Gateway.Import.Nginx;

/// <summary>What a location says of how its requests are passed on. It belongs to the cluster in Gateway, so that locations which differ
/// have clusters of their own.</summary>
/// <param name="levels">The directives of http, server and location: those of the innermost level count.</param>
internal sealed class LocationSettings(IReadOnlyList<IReadOnlyList<Statement>> levels)
{
    private readonly Draft _cluster = new();

    /// <summary>Statuses after which a request goes to another server, and which count against the server.</summary>
    private List<string> _statuses = [];

    /// <summary>What tells these settings from those of another location.</summary>
    public string Key => DraftText.Of(_cluster, []) + string.Join(' ', _statuses);

    public IReadOnlyList<string> Statuses => _statuses;

    /// <summary>Reads the settings of a location that passes to this scheme.</summary>
    public LocationSettings Read(string scheme)
    {
        Times();
        Retry();
        if (scheme == "https")
        {
            Certificates();
        }

        return this;
    }

    public void WriteTo(Draft cluster)
    {
        foreach (var entry in _cluster.Entries)
        {
            cluster.Copy(entry);
        }
    }

    private void Times()
    {
        if (Nearest("proxy_read_timeout") is { } read && NginxTime.Parse(read.Value) is { } time && time > TimeSpan.Zero)
        {
            _cluster.Section("HttpRequest").Set("ActivityTimeout", Words.Wait(time));
            read.Same("ActivityTimeout");
        }

        if (Nearest("proxy_connect_timeout") is { } connect && NginxTime.Parse(connect.Value) is { } wait && wait >= TimeSpan.FromMilliseconds(10))
        {
            _cluster.Set("ConnectTimeout", Words.Wait(wait));
            connect.Same("ConnectTimeout");
        }
    }

    private void Retry()
    {
        if (Nearest("proxy_next_upstream_tries") is { } tries && Words.Whole(tries.Value) is { } count)
        {
            _cluster.Section("Retry").Set("Tries", count is 0 or > 100 ? 100 : count);
            tries.Judge(count is 0 or > 100 ? Verdict.Approximated : Verdict.Same, count is 0 or > 100 ? "Retry:Tries is at most 100" : "Retry:Tries");
        }

        if (Nearest("proxy_next_upstream") is not { } next)
        {
            return;
        }

        var words = next.Arguments;
        _statuses = [.. words.Where(word => word.StartsWith("http_", StringComparison.Ordinal) && Words.Whole(word[5..]) is >= 400 and <= 599).Select(word => word[5..]).Distinct()];
        if (words.Contains("off"))
        {
            _cluster.Section("Retry").Set("Tries", 1);
        }

        if (_statuses.Count > 0)
        {
            _cluster.Section("Retry").Set("OnStatus", _statuses);
        }

        if (!words.Contains("error"))
        {
            _cluster.Section("Retry").Set("OnReset", "Never");
        }

        next.Approximated("Retry: " + (words.Contains("off") ? "one try, also where a connect failed" : "requests without a body, and all where a connect failed; not after an answer that is late")
            + (words.Contains("non_idempotent") ? "; PUT and DELETE with OnReset Idempotent, POST never" : ""));
    }

    /// <summary>nginx looks at no certificate of a server unless it is told to.</summary>
    private void Certificates()
    {
        var verify = Nearest("proxy_ssl_verify");
        if (verify?.Value == "on")
        {
            verify.Same("by the system's authorities");
            Nearest("proxy_ssl_trusted_certificate")?.Whole(Verdict.Approximated, "certificates of servers must come from the system's authorities");
            return;
        }

        verify?.Same();
        _cluster.Section("HttpClient").Set("DangerousAcceptAnyServerCertificate", true);
    }

    private Statement? Nearest(string name) => Nearest(levels, name);

    /// <summary>The last directive of this name in the innermost level that has one.</summary>
    public static Statement? Nearest(IReadOnlyList<IReadOnlyList<Statement>> levels, string name) =>
        levels.Reverse().Select(level => level.LastOrDefault(statement => statement.Name == name)).FirstOrDefault(found => found is not null);
}
