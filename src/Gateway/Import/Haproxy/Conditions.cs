namespace Gateway.Import.Haproxy;

/// <summary>Turns ACLs and the conditions made of them into what routes can match.</summary>
/// <remarks>A condition is alternatives apart by <c>or</c> or <c>||</c>, each of ACLs that must all hold, by name or as
/// <c>{ … }</c> in place. ACLs of one name are alternatives as well. A route has no "not", so a negated ACL makes its alternative
/// impossible; leaving it out would send requests where they should not go.</remarks>
internal sealed class Conditions
{
    private const int MostAlternatives = 64;

    private readonly Dictionary<string, List<Statement>> _acls = new(StringComparer.Ordinal);
    private readonly HashSet<Statement> _used = [];

    public Conditions(Proxy proxy)
    {
        foreach (var acl in proxy.Own("acl").Where(acl => acl.Words.Count > 2))
        {
            if (!_acls.TryAdd(acl.Value, [acl]))
            {
                _acls[acl.Value].Add(acl);
            }
        }
    }

    /// <summary>The alternatives of a condition that begins with <c>if</c>; one that always holds when there is no condition.</summary>
    /// <param name="words">The condition.</param>
    /// <param name="why">What is wrong or differs; empty when nothing does.</param>
    /// <param name="isExact">Whether beginnings of paths are matched to the letter, by expressions, which take longer.</param>
    public IReadOnlyList<Match> Of(IReadOnlyList<string> words, out string why, bool isExact = false)
    {
        why = "";
        if (words.Count == 0)
        {
            return [Match.All];
        }

        if (words[0] != "if")
        {
            why = "routes know no 'unless'";
            return [];
        }

        var all = new List<Match>();
        foreach (var alternative in Alternatives(words.Skip(1)))
        {
            var matches = All(alternative, isExact, ref why);
            if (matches is null)
            {
                return [];
            }

            all.AddRange(matches);
        }

        if (all.Count > MostAlternatives)
        {
            why = $"makes more than {MostAlternatives} routes";
            return [];
        }

        return all;
    }

    public void JudgeUnused()
    {
        foreach (var acl in _acls.Values.SelectMany(acls => acls).Where(acl => !_used.Contains(acl)))
        {
            acl.Whole(Verdict.Same, "of no effect on where requests go");
        }
    }

    private static IEnumerable<List<string>> Alternatives(IEnumerable<string> words)
    {
        var one = new List<string>();
        foreach (var word in words)
        {
            if (word is "or" or "||")
            {
                yield return one;
                one = [];
            }
            else
            {
                one.Add(word);
            }
        }

        yield return one;
    }

    private List<Match>? All(List<string> words, bool isExact, ref string why)
    {
        List<Match> matches = [Match.All];
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i].StartsWith('!'))
            {
                why = $"routes know no 'not' ({string.Join(' ', words.Skip(i))})";
                return null;
            }

            List<Match>? next;
            if (words[i] == "{")
            {
                var end = words.IndexOf("}", i);
                end = end < 0 ? words.Count : end;
                next = AclTest.Of(words[(i + 1)..end], isExact, ref why);
                i = end;
            }
            else
            {
                next = Named(words[i], isExact, ref why);
            }

            if (next is null)
            {
                return null;
            }

            var both = matches.SelectMany(one => next.Select(other => Match.And(one, other))).ToList();
            if (both.Contains(null) || both.Count > MostAlternatives)
            {
                why = "looks at one thing twice, which a route cannot";
                return null;
            }

            matches = [.. both.OfType<Match>()];
        }

        return matches;
    }

    private List<Match>? Named(string name, bool isExact, ref string why)
    {
        if (name is "TRUE" or "METH_GET" or "METH_POST" or "METH_HEAD" or "METH_PUT" or "METH_DELETE" or "METH_OPTIONS" or "HTTP")
        {
            return [new Match([], null, name.StartsWith("METH_", StringComparison.Ordinal)
                ? name == "METH_GET" ? ["GET", "HEAD"] : [name[5..]] : [], [], [])];
        }

        if (!_acls.TryGetValue(name, out var acls))
        {
            why = $"'{name}' is no ACL of this frontend";
            return null;
        }

        var all = new List<Match>();
        foreach (var acl in acls)
        {
            _used.Add(acl);
            var note = "";
            if (AclTest.Of([.. acl.Rest(2)], isExact, ref note) is { } matches)
            {
                acl.Judge(note.Length > 0 ? Verdict.Approximated : Verdict.Same, note);
                all.AddRange(matches);
            }
            else
            {
                acl.Impossible(note);
                why = $"{name}: {note}";
                return null;
            }
        }

        return all;
    }
}
