using System.Text.RegularExpressions;

namespace Gateway.Import.Haproxy;

/// <summary>Conditions on the name a TLS client asks for: <c>req.ssl_sni</c> of the whole name, or of its end.</summary>
internal static partial class SniCondition
{
    /// <summary>The names a condition stands for, or null when it looks at anything else.</summary>
    /// <param name="proxy">The frontend.</param>
    /// <param name="condition">The condition, from <c>if</c> on.</param>
    /// <param name="isTls">Whether TLS ends here, where the name has another word.</param>
    public static IReadOnlyList<string>? Names(Proxy proxy, IReadOnlyList<string> condition, bool isTls)
    {
        if (condition.Count < 2 || condition[0] != "if")
        {
            return null;
        }

        var names = new List<string>();
        for (var i = 1; i < condition.Count; i++)
        {
            var end = condition[i] == "{" ? condition.ToList().IndexOf("}", i) : -1;
            if (condition[i] is "or" or "||")
            {
                continue;
            }

            // Two tests without "or" between them must both hold, which one name cannot.
            if (i > 1 && condition[i - 1] is not ("or" or "||"))
            {
                return null;
            }

            var tests = end > 0 ? [[.. condition.Skip(i + 1).Take(end - i - 1)]]
                : proxy.Own("acl").Where(acl => acl.Value == condition[i]).Select(acl => acl.Rest(2).ToList()).ToList();
            if (tests.Count == 0 || tests.Select(test => Of(test, isTls)).ToList() is not { } all || all.Contains(null))
            {
                return null;
            }

            foreach (var acl in proxy.Own("acl").Where(acl => acl.Value == condition[i]))
            {
                acl.Same("Sni");
            }

            names.AddRange(all.SelectMany(some => some!));
            i = end > 0 ? end : i;
        }

        return names.Count > 0 ? names : null;
    }

    private static List<string>? Of(List<string> test, bool isTls)
    {
        if (test.Count == 0 || (isTls ? test[0] is not ("ssl_fc_sni" or "ssl_fc_sni,lower" or "ssl_fc_sni_end")
            : test[0] is not ("req.ssl_sni" or "req_ssl_sni" or "req.ssl_sni,lower")))
        {
            return null;
        }

        var isEnd = test[0] == "ssl_fc_sni_end";
        var i = 1;
        for (; i < test.Count && test[i].StartsWith('-'); i++)
        {
            if (test[i] == "-m" && i + 1 < test.Count && test[i + 1] is ("str" or "end"))
            {
                isEnd = test[++i] == "end";
            }
            else if (test[i] != "-i")
            {
                // Another way to match, such as whether there is a name at all, or names from a file.
                return null;
            }
        }

        var names = test.Skip(i).Select(name => isEnd ? "*" + name : name).ToList();
        return names.Count > 0 && names.TrueForAll(name => Form().IsMatch(name)) ? names : null;
    }

    [GeneratedRegex(@"^(\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
    private static partial Regex Form();
}
