namespace Gateway.Import.Haproxy;

/// <summary>One proxy of haproxy.cfg (frontend, backend, listen) with the defaults that hold for it.</summary>
internal sealed class Proxy(Statement section, Statement? defaults)
{
    public Statement Section => section;

    public string Name => section.Value.Length > 0 ? section.Value : section.Name;

    public bool IsHttp => (Find("mode")?.Value ?? "tcp") == "http";

    /// <summary>The cluster a backend has become; empty until then.</summary>
    public string ClusterId { get; set; } = "";

    /// <summary>The version of the PROXY protocol that its servers get; null for none.</summary>
    public string? ProxyProtocol { get; set; }

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
        var on = Find("option", name);
        if (section.Body.Exists(line => BeginsWith(line, ["no", "option", name])))
        {
            return null;
        }

        return on;
    }

    /// <summary>The value of a <c>timeout</c>, or null.</summary>
    public (TimeSpan Time, Statement Statement)? Timeout(string name)
    {
        if (Find("timeout", name) is not { } statement)
        {
            return null;
        }

        if (HaproxyTime.Parse(statement.Words.ElementAtOrDefault(2) ?? "") is { } time)
        {
            return (time, statement);
        }

        statement.Impossible("is no time");
        return null;
    }

    private static bool BeginsWith(Statement line, string[] words) =>
        line.Words.Count >= words.Length && words.Index().All(word => line.Words[word.Index] == word.Item);
}
