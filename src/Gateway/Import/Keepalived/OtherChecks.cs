namespace Gateway.Import.Keepalived;

/// <summary>Translates the checkers that neither connect only nor ask for a page.</summary>
internal static class OtherChecks
{
    private static readonly string[] _types = ["A", "AAAA", "CNAME", "MX", "NS", "SOA", "TXT"];

    public static void Translate(Draft probe, Statement checker)
    {
        switch (checker.Name)
        {
            case "SMTP_CHECK":
                Smtp(probe, checker);
                break;
            case "DNS_CHECK":
                Dns(probe, checker);
                break;
            case "UDP_CHECK":
                Udp(probe, checker);
                break;
            default:
                Program(probe, checker);
                break;
        }
    }

    private static void Smtp(Draft probe, Statement checker)
    {
        probe.Set("Kind", "smtp");
        if (checker.Last("helo_name") is { } helo)
        {
            if (Words.IsHostName(helo.Value))
            {
                probe.Set("Host", helo.Value);
                helo.Same();
            }
            else
            {
                helo.Approximated("is no host name; the server's address is said");
            }
        }

        foreach (var host in checker.Body.Where(inner => inner.Name == "host"))
        {
            host.JudgeAll(Verdict.Impossible, "a probe greets one server");
        }
    }

    private static void Dns(Draft probe, Statement checker)
    {
        probe.Set("Kind", "dns");
        if (checker.Last("name") is { } name)
        {
            var isName = name.Value == "." || Words.IsHostName(name.Value.TrimEnd('.'));
            name.Judge(isName ? Verdict.Same : Verdict.Approximated, isName ? null : "is no name; the root is asked for");
            if (isName)
            {
                probe.Set("Query", name.Value);
            }
        }

        if (checker.Last("type") is { } type)
        {
            var isType = _types.Contains(type.Value.ToUpperInvariant());
            type.Judge(isType ? Verdict.Same : Verdict.Approximated, isType ? null : "is no type of record that is asked for; SOA is");
            if (isType)
            {
                probe.Set("QueryType", type.Value.ToUpperInvariant());
            }
        }
    }

    private static void Udp(Draft probe, Statement checker)
    {
        probe.Set("Kind", "udp");
        if (checker.Last("payload") is { } payload)
        {
            var hex = Hex(payload, mayHaveHoles: false);
            payload.Judge(hex is null ? Verdict.Impossible : Verdict.Same, hex is null ? "is not hexadecimal" : null);
            if (hex is not null)
            {
                probe.Set("SendHex", hex);
            }
        }

        if (checker.Last("require_reply") is { } reply)
        {
            if (reply.Words.Count > 1 && Hex(reply, mayHaveHoles: true) is { } hex)
            {
                probe.Set("ExpectHex", hex);
            }
            else
            {
                probe.Set("Expect", "*");
                if (reply.Words.Count > 1)
                {
                    reply.Approximated("is not hexadecimal: any answer passes");
                }
            }

            reply.Same();
        }

        checker.Last("min_reply_length")?.Impossible("the length of an answer is not looked at");
        checker.Last("max_reply_length")?.Impossible("the length of an answer is not looked at");
    }

    /// <summary>The hexadecimal digits as a probe has them: in pairs, X as ?. Null when they are none.</summary>
    private static string? Hex(Statement statement, bool mayHaveHoles)
    {
        // A digit alone between blanks is a byte of its own.
        var words = statement.Arguments.Select(word => word.Length % 2 == 0 ? word : "0" + word);
        var digits = string.Concat(words).Replace('X', '?').Replace('x', '?');
        return digits.Length is > 0 and <= 512 && digits.All(c => char.IsAsciiHexDigit(c) || (c == '?' && mayHaveHoles)) ? digits : null;
    }

    private static void Program(Draft probe, Statement checker)
    {
        probe.Set("Kind", "command");
        var path = checker.Last("misc_path");
        var words = path is null ? [] : path.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToList();
        if (words.Count == 0 || words.Exists(word => word.Any(char.IsControl)))
        {
            words = ["/bin/false"];
            checker.Impossible("names no program: the servers count as down");
        }

        probe.Set("Command", words);
        path?.Same(words.Exists(word => word.Any(c => c is '"' or '\'' or '$' or '|' or '>')) ? "the words are given to the program as they are, without a shell" : null);
        checker.Last("misc_timeout")?.Same("Timeout");
        checker.Last("user")?.Impossible("the program runs as Gateway does");
        if (checker.Last("misc_dynamic") is { } dynamic)
        {
            probe.Set("WeightFromExit", true);
            dynamic.Same();
        }
    }
}
