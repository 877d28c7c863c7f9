using System.Globalization;

namespace Gateway.Import.Haproxy;

/// <summary>One proxy of haproxy.cfg (frontend, backend, listen) with the defaults that hold for it.</summary>
internal sealed class Proxy(Statement section, Statement? defaults)
{
    public Statement Section => section;

    public string Name => section.Value.Length > 0 ? section.Value : section.Name;

    public bool IsHttp => (Find("mode")?.Value ?? "tcp") == "http";

    /// <summary>Whether it passes anything to the backend of this name.</summary>
    public bool LeadsTo(string backend) => section.Name is "frontend" or "listen"
        && (Find("default_backend")?.Value == backend || Own("use_backend").Any(line => line.Value == backend));

    /// <summary>Whether it is configured and not started: the last of <c>disabled</c> and <c>enabled</c> counts.</summary>
    public bool IsDisabled => (section.Body.LastOrDefault(IsSwitch) ?? defaults?.Body.LastOrDefault(IsSwitch))?.Name == "disabled";

    /// <summary>The cluster a backend has become; empty until then.</summary>
    public string ClusterId { get; set; } = "";

    /// <summary>The version of the PROXY protocol that its servers get; null for none.</summary>
    public string? ProxyProtocol { get; set; }

    /// <summary>The TLS that virtual servers speak to its servers; null for none.</summary>
    public ServerTls? ServerTls { get; set; }

    /// <summary>Whether the certificates of servers are looked at where a server does not say: <c>required</c> or <c>none</c>.</summary>
    public string DefaultVerify { get; init; } = "required";

    /// <summary>The folder of certificates whose names are relative; null is none.</summary>
    public string? CertificateBase { get; init; }

    /// <summary>The same of files with authorities.</summary>
    public string? AuthorityBase { get; init; }

    /// <summary>The lines of defaults for servers that hold for a server in this line: those of its defaults, and its own above it.
    /// </summary>
    public IEnumerable<Statement> DefaultServers(int line) => (defaults?.Body ?? []).Where(other => other.Name == "default-server")
        .Concat(Own("default-server").Where(other => other.Line < line));

    /// <summary>All lines of the proxy that begin with these words, without those of the defaults.</summary>
    public IEnumerable<Statement> Own(params string[] words) => section.Body.Where(line => BeginsWith(line, words));

    /// <summary>The last line that begins with these words, of the proxy or else of its defaults.</summary>
    public Statement? Find(params string[] words) =>
        section.Body.LastOrDefault(line => BeginsWith(line, words)) ?? defaults?.Body.LastOrDefault(line => BeginsWith(line, words));

    /// <summary>All lines of the proxy that begin with these words, or else those of its defaults.</summary>
    public IReadOnlyList<Statement> All(params string[] words)
    {
        var own = Own(words).ToList();
        return own.Count > 0 ? own : [.. defaults?.Body.Where(line => BeginsWith(line, words)) ?? []];
    }

    /// <summary>An option that is on: there, and not taken back by <c>no option</c>.</summary>
    public Statement? Option(string name)
    {
        // The last of the two counts, of the proxy or else of its defaults.
        bool Says(Statement line) => BeginsWith(line, ["option", name]) || BeginsWith(line, ["no", "option", name]);
        var last = section.Body.LastOrDefault(Says) ?? defaults?.Body.LastOrDefault(Says);
        return last?.Name == "option" ? last : null;
    }

    /// <summary>The last of some options that exclude each other, of the proxy or else of its defaults; null when there is none, or it was
    /// taken back. Others of the proxy are told to be overridden.</summary>
    public Statement? LastOption(IReadOnlyCollection<string> names)
    {
        Statement? last = null;
        foreach (var line in (defaults?.Body ?? []).Concat(section.Body))
        {
            if (line.Name == "no" && line.Words is [_, "option", var off] && off == last?.Words[1])
            {
                last = null;
            }
            else if (line is { Name: "option", Words.Count: > 1 } && names.Contains(line.Words[1]))
            {
                Override(last, line);
                last = line;
            }
        }

        _ = last?.Value;
        return last;
    }

    /// <summary>Tells that another line counts; one of the defaults may count for other proxies.</summary>
    private void Override(Statement? overridden, Statement by)
    {
        var why = string.Create(CultureInfo.InvariantCulture, $"line {by.Line} overrides it");
        if (overridden is not null)
        {
            overridden.Whole(Verdict.Same, section.Body.Contains(overridden) ? why : $"{why} in {Name}");
        }
    }

    /// <summary>The value of a <c>timeout</c>, or null.</summary>
    public (TimeSpan Time, Statement Statement)? Timeout(string name)
    {
        if (Find("timeout", name) is not { } statement)
        {
            return null;
        }

        if (HaproxyTime.Parse(statement.Word(2) ?? "") is { } time)
        {
            return (time, statement);
        }

        statement.Impossible("is no time");
        return null;
    }

    private static bool IsSwitch(Statement line) => line.Name is "disabled" or "enabled";

    /// <summary>Whether a line begins with these words; those of one that does are thereby read.</summary>
    private static bool BeginsWith(Statement line, string[] words)
    {
        if (line.Words.Count < words.Length || !words.Index().All(word => line.Words[word.Index] == word.Item))
        {
            return false;
        }

        for (var i = 1; i < words.Length; i++)
        {
            line.Word(i);
        }

        return true;
    }
}
