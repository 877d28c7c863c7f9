using System.Globalization;

namespace Gateway.Import.Haproxy;

/// <summary>Translates tables that remember which server a client was led to.</summary>
/// <remarks>What refers to a table, its own or that of another proxy, finds there the servers that all of them have stored; a cluster of
/// Gateway has a memory of its own.</remarks>
internal sealed class StickImport(Proxy proxy, IReadOnlyList<Proxy> proxies)
{
    /// <summary>The longest a client can be remembered.</summary>
    private static readonly TimeSpan _forever = TimeSpan.FromDays(36500);

    /// <param name="cluster">The backend's cluster.</param>
    /// <param name="hasCookie">Whether a cookie leads clients back.</param>
    public void Translate(Draft cluster, bool hasCookie)
    {
        var lines = proxy.Own("stick").ToList();
        if (lines.Count == 0)
        {
            return;
        }

        foreach (var line in lines.Where(line => line.Value == "store-response"))
        {
            line.Whole(Verdict.Impossible, "answers are not looked at: clients are remembered by address only");
        }

        var rules = lines.Where(line => line.Value != "store-response").ToList();
        if (rules.Find(rule => rule.Words.ElementAtOrDefault(2) == "src" && Remembers(rules, rule)) is not { } first || hasCookie)
        {
            foreach (var rule in rules)
            {
                rule.Whole(Verdict.Impossible, hasCookie ? "the cookie decides where a client returns to"
                    : rule.Words.ElementAtOrDefault(2) == "src" ? "clients are remembered where they are looked up, too: a cluster has no memory that others write or read"
                    : "clients are remembered by address only");
            }

            Own("stick-table")?.Impossible("nothing is remembered in it");
            return;
        }

        foreach (var rule in rules)
        {
            if (IsAlike(rule, first))
            {
                Rule(rule);
            }
            else
            {
                rule.Whole(Verdict.Impossible, string.Create(CultureInfo.InvariantCulture, $"a cluster remembers clients by one thing: by that of line {first.Line}"));
            }
        }

        Table(cluster, first);
    }

    private Statement? Own(string name) => proxy.Own(name).LastOrDefault();

    /// <summary>Whether a rule, together with another one about the same, both stores and looks up.</summary>
    private static bool Remembers(List<Statement> rules, Statement rule) => rule.Value == "on"
        || (rule.Value is "match" or "store-request" && rules.Exists(other => other.Value is "match" or "store-request" && other.Value != rule.Value && IsAlike(other, rule)));

    private static bool IsAlike(Statement rule, Statement other) =>
        rule.Words.Skip(2).SequenceEqual(other.Words.Skip(2)) && (rule == other || (rule.Value != "on" && other.Value != "on"));

    private void Rule(Statement rule)
    {
        rule.Word(2);
        rule.Same();
        if (rule.After("table") is { } name && name != proxy.Name)
        {
            rule.Approximated($"its clients are remembered by themselves: haproxy has one table {name} for all that name it, and leads a client to the server of the same name in each");
        }

        var condition = rule.Words.ToList().FindIndex(word => word is "if" or "unless");
        if (condition > 0)
        {
            rule.Approximated($"every client is remembered, whether or not '{string.Join(' ', rule.Rest(condition))}'");
        }
    }

    private void Table(Draft cluster, Statement rule)
    {
        var owner = rule.After("table") is { } name ? proxies.FirstOrDefault(other => other.Name == name) : proxy;
        if (owner?.Find("stick-table") is not { } table)
        {
            rule.Impossible("there is no such table");
            return;
        }

        var persistence = cluster.Section("Persistence");
        table.Same();
        _ = table.After("type");
        if (table.After("expire") is not { } expire)
        {
            persistence.Set("Timeout", _forever);
            table.Same("without expire a client is remembered until there is no place for it");
        }
        else if (HaproxyTime.Parse(expire) is { } time)
        {
            persistence.Set("Timeout", HaproxyTime.AtLeast(time, TimeSpan.FromSeconds(1)));
        }
        else
        {
            table.Approximated($"expire '{expire}' is no time; the default of Timeout holds");
        }

        if (HaproxyTime.Size(table.After("size") ?? "") is > 0 and <= int.MaxValue and var size)
        {
            persistence.Set("MaxEntries", size);
        }

        if (table.Has("nopurge"))
        {
            table.Approximated("nopurge: a full table forgets the client that is away longest, instead of not remembering new ones");
        }

        if (table.After("store") is not null || table.After("peers") is not null)
        {
            table.Approximated("the server of a client is remembered, nothing else, and by this node only");
        }
    }
}
