using System.Globalization;

namespace Gateway.Import.Nginx;

/// <summary>What a server or location answers itself, instead of passing requests on: <c>return</c>, <c>internal</c>, <c>deny all</c>,
/// and what Gateway cannot do, so that its requests do not go to a server that was never meant to have them.</summary>
internal static class LocationAnswer
{
    private const string How = "by a cluster without destinations";

    private static readonly string[] _passes = ["fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass"];

    /// <summary>The cluster that gives the answer, or null when requests are passed on.</summary>
    /// <param name="blueprint">Where the cluster is added.</param>
    /// <param name="levels">The directives of http, server and location.</param>
    /// <param name="block">The location.</param>
    public static string? Of(Blueprint blueprint, IReadOnlyList<IReadOnlyList<Statement>> levels, Statement block)
    {
        if (block.Last("return") is { } rule)
        {
            return Return(blueprint, rule, block);
        }

        if (block.Last("internal") is { } inner)
        {
            inner.Approximated($"answered 404 {How}");
            block.Approximated("for requests of nginx's own only: answered 404");
            return blueprint.AddAnswer(404, null, null, null);
        }

        if (RefusesAll(levels) is { } deny)
        {
            deny.Approximated($"answered 403 {How}");
            block.Approximated("refuses everybody: answered 403");
            return blueprint.AddAnswer(403, null, null, null);
        }

        if (block.Body.Exists(statement => statement.Name == "proxy_pass"))
        {
            return null;
        }

        var other = block.Body.Find(statement => _passes.Contains(statement.Name));
        other?.Impossible("destinations speak HTTP");
        block.Impossible(other is not null ? "destinations speak HTTP: answered 502"
            : "passes no request on, and Gateway serves no files: answered 404");
        return blueprint.AddAnswer(other is not null ? 502 : 404, null, null, null);
    }

    /// <summary>The answer of <c>return [CODE] [TEXT or URL]</c>.</summary>
    public static string Return(Blueprint blueprint, Statement rule, Statement block)
    {
        var first = rule.Value;
        var isCode = Words.Whole(first) is not null;
        var code = isCode ? Words.Whole(first)!.Value : 302;
        var text = isCode ? rule.Word(2) : first;
        var isRedirect = code is 301 or 302 or 303 or 307 or 308;
        if (text is not null && (text.Contains('$', StringComparison.Ordinal) || text.Any(c => char.IsControl(c) || c >= (char)127) || (isRedirect && text.Contains(' ', StringComparison.Ordinal))))
        {
            var (what, status) = isRedirect ? ("clients are redirected to places that are known beforehand only", 404) : ("answers have texts that are known beforehand", (int)code);
            return Tell(status is >= 200 and <= 599 ? status : 404, null, what, Verdict.Impossible);
        }

        if (isRedirect && !string.IsNullOrEmpty(text))
        {
            var note = (code == 302 ? "redirected" : string.Create(CultureInfo.InvariantCulture, $"redirected with 302, not {code},")) + $" {How}";
            rule.Approximated(note);
            block.Approximated(note);
            return blueprint.AddAnswer(0, null, null, text);
        }

        return code is >= 200 and <= 599 ? Tell((int)code, text, code == 444 ? "the connection is not cut" : null, Verdict.Approximated)
            : Tell(404, null, $"'{first}' is no status", Verdict.Impossible);

        string Tell(int status, string? body, string? why, Verdict verdict)
        {
            var note = (why is null ? "" : why + ": ") + string.Create(CultureInfo.InvariantCulture, $"answered {status} {How}");
            rule.Judge(verdict, note);
            block.Judge(verdict, note);
            return blueprint.AddAnswer(status, string.IsNullOrEmpty(body) ? null : body, null, null);
        }
    }

    /// <summary>The rule that refuses everybody: rules of access are those of the innermost level that has any.</summary>
    private static Statement? RefusesAll(IReadOnlyList<IReadOnlyList<Statement>> levels)
    {
        var rules = levels.Reverse().Select(level => level.Where(s => s.Name is "allow" or "deny").ToList()).FirstOrDefault(level => level.Count > 0);
        var isAny = levels.Any(level => level.Any(s => s.Name == "satisfy" && s.Value == "any"));
        return rules is [{ Name: "deny" } first, ..] && first.Value == "all" && !isAny ? first : null;
    }
}
