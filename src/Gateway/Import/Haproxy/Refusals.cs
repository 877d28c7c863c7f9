using System.Globalization;

namespace Gateway.Import.Haproxy;

/// <summary>Translates rules that answer requests instead of passing them on (<c>http-request deny</c>, <c>return</c>, <c>redirect</c>
/// and their like): each becomes a route to a cluster without destinations, whose sorry answer is the rule's.</summary>
/// <remarks>A rule whose condition no route can match lets its requests through, and the report says so.</remarks>
internal sealed class Refusals(Blueprint blueprint, Proxy proxy, Conditions conditions)
{
    private const string LetThrough = "Gateway LETS THEM THROUGH";

    private static readonly string[] _actions = ["deny", "tarpit", "reject", "silent-drop", "return", "redirect"];

    /// <summary>The answers of the proxy's rules, in their order.</summary>
    /// <returns>The cluster that answers, what requests must have for it, and the rule.</returns>
    public IEnumerable<(string ClusterId, IReadOnlyList<Match> Matches, Statement Rule)> All()
    {
        Statement? allowed = null;
        var why = "";
        if (proxy.Find("monitor-uri") is { } monitor && proxy.Section.Name != "backend")
        {
            // Before all rules, as haproxy does.
            if (AclTest.Of(["path", monitor.Value], true, ref why) is { } path)
            {
                monitor.Approximated("answered 200 by a cluster without destinations; /readyz at Telemetry:Listen says more");
                yield return (blueprint.AddAnswer(200, null, null, null), path, monitor);
            }
        }

        foreach (var line in proxy.Section.Body.Where(line => line.Name is "block" or "redirect" || (line.Name == "http-request"
            && line.Words.Count > 1 && (_actions.Contains(line.Words[1]) || line.Words[1] == "allow"))))
        {
            var action = line.Name == "http-request" ? line.Value : line.Name == "block" ? "deny" : line.Name;
            if (action == "allow")
            {
                allowed ??= line;
                line.Whole(Verdict.Impossible, "has no counterpart: the rules below it that refuse requests are not carried out either");
                continue;
            }

            // With this rule first, what it lets pass must not be refused below.
            if (allowed is not null)
            {
                line.Whole(Verdict.Impossible, $"refuses requests, but for those of line {allowed.Line}: {LetThrough}");
                continue;
            }

            var from = line.Name == "http-request" ? 2 : 1;
            if (Rule(line, action, from) is { } rule)
            {
                yield return (rule.ClusterId, rule.Matches, line);
            }
        }
    }

    private (string ClusterId, IReadOnlyList<Match> Matches)? Rule(Statement line, string action, int from)
    {
        var at = line.Words.ToList().FindIndex(from, word => word is "if" or "unless");
        var condition = at < 0 ? [] : line.Rest(at);
        var matches = conditions.Of(condition, out var why, isExact: true);
        var isRedirect = action == "redirect";
        if (matches.Count == 0)
        {
            line.Whole(Verdict.Impossible, isRedirect ? $"redirects requests, and {why}: they go where the others go" : $"refuses requests, and {why}: {LetThrough}");
            return null;
        }

        if (why.Length > 0)
        {
            line.Approximated(why);
        }

        var id = isRedirect ? Redirect(line, from) : Answer(line, action, at < 0 ? line.Words.Count : at);
        return id is null ? null : (id, matches);
    }

    private string? Redirect(Statement line, int from)
    {
        var kind = line.Word(from);
        var target = line.Word(from + 1) ?? "";
        var code = line.After("code");
        if (kind != "location" || target.Length == 0 || target.Contains('%', StringComparison.Ordinal) || target.Any(c => c is <= ' ' or >= (char)127))
        {
            line.Whole(Verdict.Impossible, "clients are redirected to places that are known beforehand only: these requests go where the others go");
            return null;
        }

        line.Approximated(code is null or "302" ? "an answer of a cluster without destinations" : $"redirected with 302, not {code}");
        return blueprint.AddAnswer(0, null, null, target);
    }

    private string Answer(Statement line, string action, int end)
    {
        var words = line.Words.ToList();
        var status = action switch { "return" => 200, "tarpit" => 500, _ => 403 };
        string? body = null, type = null;
        var at = line.Name == "block" ? 1 : 2;
        while (at < end)
        {
            line.Word(at);
            var value = at + 1 < end ? words[at + 1] : "";
            switch (words[at])
            {
                case "status" or "deny_status" when Words.Whole(value) is >= 200 and <= 599 and var code:
                    (status, at) = ((int)code, at + 1);
                    break;
                case "content-type" when value.Length > 0 && !value.Any(char.IsControl):
                    (type, at) = (value, at + 1);
                    break;
                case "string" when value.Length > 0:
                    (body, at) = (value, at + 1);
                    break;
                case "default-errorfiles":
                    break;
                default:
                    line.Approximated($"'{words[at]} {value}'".Replace(" '", "'", StringComparison.Ordinal) + " is left out of the answer");
                    at++;
                    break;
            }

            line.Word(at);
            at++;
        }

        line.Approximated(string.Create(CultureInfo.InvariantCulture, $"answered {status} by a cluster without destinations")
            + action switch { "tarpit" => ", at once", "reject" or "silent-drop" => ", and the connection is not cut", _ => "" });
        return blueprint.AddAnswer(status, body, type, null);
    }
}
