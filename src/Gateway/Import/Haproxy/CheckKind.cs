namespace Gateway.Import.Haproxy;

/// <summary>Translates what a backend's checks look at: the last option of checks of the backend counts, else the last of its defaults.
/// </summary>
internal static class CheckKind
{
    private static readonly string[] _options =
        ["httpchk", "tcp-check", "smtpchk", "redis-check", "mysql-check", "pgsql-check", "ldap-check", "ssl-hello-chk", "external-check", "spop-check"];

    /// <summary>The lines that say what checks look at, of the proxy or else of its defaults.</summary>
    public static IEnumerable<Statement> Lines(Proxy proxy) => proxy.All("http-check").Concat(proxy.All("tcp-check"))
        .Concat(_options.Select(proxy.Option).OfType<Statement>());

    /// <returns>Whether the connection is to speak TLS whatever the server says.</returns>
    public static bool Translate(Draft probe, Proxy proxy)
    {
        var option = proxy.LastOption(_options);
        var kind = option?.Word(1);
        Unused(proxy, "http-check", "httpchk", kind);
        Unused(proxy, "tcp-check", "tcp-check", kind);
        probe.Set("Kind", "tcp");
        switch (kind)
        {
            case null:
                break;
            case "httpchk":
                HttpCheck.Translate(probe, proxy, option!);
                break;
            case "tcp-check":
                option!.Same();
                return TcpConversation.Translate(probe, proxy);
            case "smtpchk":
                Mail(probe, option!);
                break;
            case "redis-check":
                probe.Set("Kind", "redis");
                option!.Same();
                break;
            case "pgsql-check":
                probe.Set("Kind", "postgres");
                if (option!.After("user") is { Length: > 0 } user && !user.Any(char.IsControl))
                {
                    probe.Set("User", user);
                }

                option.Same();
                break;
            case "ssl-hello-chk":
                option!.Approximated("a whole TLS handshake");
                return true;
            default:
                option!.Impossible("there is no such probe: the probe connects only");
                break;
        }

        return false;
    }

    private static void Unused(Proxy proxy, string rule, string option, string? kind)
    {
        foreach (var line in kind == option ? [] : proxy.Own(rule))
        {
            line.Whole(Verdict.Same, kind is null ? $"of no effect without 'option {option}'" : $"of no effect: 'option {kind}' is what servers are checked by");
        }
    }

    private static void Mail(Draft probe, Statement option)
    {
        probe.Set("Kind", "smtp");
        var hello = option.Word(2);
        var name = option.Word(3);
        if (name is not null && Words.IsHostName(name))
        {
            probe.Set("Host", name);
        }

        option.Judge(hello == "EHLO" ? Verdict.Approximated : Verdict.Same, hello == "EHLO" ? "HELO is sent" : null);
        if (name is not null && !Words.IsHostName(name))
        {
            option.Approximated($"'{name}' is no host name; the server's address is said");
        }
    }
}
