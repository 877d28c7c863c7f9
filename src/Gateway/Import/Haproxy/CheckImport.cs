using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Probing.Answers;

namespace Gateway.Import.Haproxy;

/// <summary>Translates the checks of a backend into the probe of its cluster.</summary>
/// <remarks>
/// haproxy checks a server every <c>inter</c> (2 s), counts it down after <c>fall</c> (3) failures and up after <c>rise</c> (2)
/// successes, and takes it to be up at the start. A check has <c>timeout check</c>, else <c>inter</c>, to end. Without an option it connects;
/// <c>option httpchk</c> asks for a page (OPTIONS /), which any 2xx or 3xx answers.
/// </remarks>
internal sealed partial class CheckImport(Proxy proxy, IReadOnlyList<ServerLine> servers, bool isHttp)
{
    /// <summary>Beside the first.</summary>
    private const int MostSteps = 32;

    private static readonly string[] _options =
        ["httpchk", "tcp-check", "smtpchk", "redis-check", "mysql-check", "pgsql-check", "ldap-check", "ssl-hello-chk", "external-check"];

    private static readonly string[] _paces = ["inter", "fastinter", "downinter", "rise", "fall", "check-ssl"];
    private static readonly TimeSpan _longest = TimeSpan.FromDays(1);
    private static readonly TimeSpan _shortest = TimeSpan.FromMilliseconds(50);

    public void Translate(Draft cluster)
    {
        if (servers.FirstOrDefault(server => server.IsChecked) is not { } first)
        {
            foreach (var line in Lines())
            {
                line.Same("of no effect: no server is checked");
            }

            return;
        }

        var probe = cluster.Section("Probe");
        Kind(probe);
        if (probe.Text("Kind") is "http" && (first.IsTls || first.Option("check-ssl") is not null))
        {
            probe.Set("Kind", "https");
        }

        Pace(probe, first);
        Agent(cluster, first);
        foreach (var server in servers)
        {
            Differences(server, first);
        }
    }

    private IEnumerable<Statement> Lines() => proxy.All("http-check").Concat(proxy.All("tcp-check"))
        .Concat(_options.Select(proxy.Option).OfType<Statement>());

    private void Kind(Draft probe)
    {
        if (proxy.Option("httpchk") is { } http)
        {
            Http(probe, http);
            return;
        }

        probe.Set("Kind", "tcp");
        if (proxy.Option("tcp-check") is { } tcp)
        {
            tcp.Same();
            Conversation(probe);
        }
        else if (proxy.Option("smtpchk") is { } smtp)
        {
            probe.Set("Kind", "smtp");
            if (smtp.Words.ElementAtOrDefault(3) is { } name && Words.IsHostName(name))
            {
                probe.Set("Host", name);
            }

            smtp.Judge(smtp.Words.ElementAtOrDefault(2) == "EHLO" ? Verdict.Approximated : Verdict.Same,
                smtp.Words.ElementAtOrDefault(2) == "EHLO" ? "HELO is sent" : null);
        }
        else if (proxy.Option("redis-check") is { } redis)
        {
            probe.Set("Kind", "redis");
            redis.Same();
        }
        else if (proxy.Option("pgsql-check") is { } postgres)
        {
            probe.Set("Kind", "postgres");
            if (postgres.Words.ElementAtOrDefault(3) is { Length: > 0 } user && !user.Any(char.IsControl))
            {
                probe.Set("User", user);
            }

            postgres.Same();
        }
        else if (proxy.Option("ssl-hello-chk") is { } hello)
        {
            probe.Set("Tls", true);
            hello.Approximated("a whole TLS handshake");
        }
        else
        {
            foreach (var line in Lines())
            {
                line.Impossible("there is no such probe: the probe connects only");
            }
        }
    }

    private void Http(Draft probe, Statement line)
    {
        var words = line.Words.Skip(2).ToList();
        var (method, path) = words switch
        {
            [] => ("OPTIONS", "/"),
            [var only] => ("OPTIONS", only),
            [var first, var second, ..] => (first, second),
        };
        line.Same(words.Count > 2 ? "probes speak HTTP/1.1" : null);
        probe.Set("Kind", "http");
        foreach (var check in proxy.All("http-check"))
        {
            var all = check.Words.ToList();
            switch (check.Value)
            {
                case "send":
                    method = After(all, "meth") ?? method;
                    path = After(all, "uri") ?? path;
                    Send(probe, check, all);
                    break;
                case "expect":
                    Expect(probe, check, [.. all.Skip(2)]);
                    break;
                default:
                    check.Impossible("a probe asks for one page");
                    break;
            }
        }

        if (method is not ("GET" or "HEAD" or "OPTIONS"))
        {
            line.Approximated($"probes do not {method}; GET is used");
            method = "GET";
        }

        if (!PathForm().IsMatch(path))
        {
            line.Approximated($"'{path}' is no path; / is asked for");
            path = "/";
        }

        if (probe.Has("Body") && method == "HEAD")
        {
            method = "GET";
        }

        probe.Set("Method", method).Set("Path", path);
        if (!probe.Has("Status"))
        {
            probe.Set("Status", "200-399");
        }
    }

    private static void Send(Draft probe, Statement check, List<string> words)
    {
        check.Same();
        for (var i = words.IndexOf("hdr"); i >= 0; i = words.IndexOf("hdr", i + 1))
        {
            var (name, value) = (words.ElementAtOrDefault(i + 1), words.ElementAtOrDefault(i + 2));
            if (string.Equals(name, "host", StringComparison.OrdinalIgnoreCase) && value is { Length: > 0 } && !value.Any(c => char.IsWhiteSpace(c) || c == '%'))
            {
                probe.Set("Host", value);
            }
            else if (name is not null && Token().IsMatch(name) && value is not null && !value.Any(c => char.IsControl(c) || c == '%'))
            {
                probe.Section("Headers").Set(name, value);
            }
            else
            {
                check.Approximated($"the header {name} is not sent");
            }
        }

        if (words.Contains("body"))
        {
            check.Approximated("no body is sent");
        }
    }

    private static void Expect(Draft probe, Statement check, List<string> words)
    {
        switch (words)
        {
            case ["status", var codes] when StatusForm().IsMatch(codes):
                probe.Set("Status", codes);
                check.Same();
                break;
            case ["string", var text] when text.Length > 0:
                probe.Set("Body", text).Set("Status", "100-999");
                check.Same("Body: looked for in the first 64 KiB");
                break;
            case ["rstring", var pattern]:
                PageText.Search(probe, pattern, check);
                if (probe.Has("Body"))
                {
                    probe.Set("Status", "100-999");
                }

                break;
            case ["rstatus", var pattern] when RoughStatus().Match(pattern) is { Success: true } rough:
                probe.Set("Status", $"{rough.Groups[1].Value}00-{rough.Groups[1].Value}99");
                check.Approximated("the hundred is compared");
                break;
            default:
                check.Impossible("answers are judged by status and by plain text");
                break;
        }
    }

    /// <summary>A conversation: each text that is sent begins a step, and what is expected belongs to it.</summary>
    private void Conversation(Draft probe)
    {
        var (step, steps) = (probe, 1);
        foreach (var line in proxy.All("tcp-check"))
        {
            var words = line.Words.Skip(1).ToList();
            if (words is ["connect", ..])
            {
                line.Judge(words.Count > 1 ? Verdict.Approximated : Verdict.Same, words.Count > 1 ? "a probe connects once, to the port of the server" : null);
                continue;
            }

            var isExpect = words is ["expect", ..];
            if (step.Has("Expect") || step.Has("ExpectHex") || (!isExpect && (step.Has("Send") || step.Has("SendHex"))))
            {
                if (steps++ > MostSteps)
                {
                    line.Impossible($"a conversation has at most {MostSteps} further steps");
                    continue;
                }

                step = probe.Append("Steps");
            }

            Step(step, line, words);
        }

        probe.TrimList("Steps");
    }

    private static void Step(Draft step, Statement line, List<string> words)
    {
        switch (words)
        {
            case ["send", var text] when text.Length > 0:
                step.Set("Send", text);
                line.Same();
                break;
            case ["send-binary", var hex] when IsHex(hex):
                step.Set("SendHex", hex);
                line.Same();
                break;
            case ["expect", "string", var text] when text.Length > 0:
                step.Set("Expect", Regex.Escape(text)).Set("Regex", true);
                line.Same("searched anywhere in the answer, as an expression that stands for the text");
                break;
            case ["expect", "rstring", var pattern] when pattern.Length > 0 && Expectation.PatternError(pattern) is null:
                step.Set("Expect", pattern).Set("Regex", true);
                line.Same();
                break;
            case ["expect", "binary", var hex] when IsHex(hex):
                step.Set("ExpectHex", hex);
                line.Approximated("the answer must begin with it");
                break;
            default:
                line.Impossible("a probe sends texts and bytes, and expects texts, expressions and bytes");
                break;
        }
    }

    private static bool IsHex(string word) => word.Length > 0 && word.Length % 2 == 0 && word.All(char.IsAsciiHexDigit);

    private void Pace(Draft probe, ServerLine first)
    {
        var interval = Clamp(Time(first, "inter") ?? TimeSpan.FromSeconds(2), _shortest, _longest);
        var timeout = Clamp(proxy.Timeout("check")?.Time ?? interval, TimeSpan.FromMilliseconds(10), interval);
        probe.Set("Interval", interval).Set("Timeout", timeout)
            .Set("Rise", Count(first, "rise", 2)).Set("Fall", Count(first, "fall", 3)).Set("InitiallyUp", true);
        foreach (var (name, key) in new[] { ("fastinter", "FastInterval"), ("downinter", "DownInterval") })
        {
            if (Time(first, name) is { } time)
            {
                probe.Set(key, Clamp(time, _shortest, _longest));
            }
        }
    }

    /// <summary>The agent of the servers, asked as a further probe.</summary>
    private static void Agent(Draft cluster, ServerLine first)
    {
        if (first.Option("agent-check") is null || (first.Option("agent-port") is { } word ? Words.Port(word) : null) is not { } port)
        {
            return;
        }

        var interval = Clamp(Time(first, "agent-inter") ?? TimeSpan.FromSeconds(2), _shortest, _longest);
        var agent = cluster.Append("Probes").Set("Kind", "agent").Set("Port", port).Set("Interval", interval).Set("Timeout", interval);
        if (first.Option("agent-send") is { Length: > 0 } send)
        {
            agent.Set("Send", send);
        }
    }

    private static TimeSpan? Time(ServerLine server, string name)
    {
        if (server.Option(name) is not { } word)
        {
            return null;
        }

        var time = HaproxyTime.Parse(word);
        if (time is null)
        {
            server.Line.Approximated($"{name} '{word}' is no time");
        }

        return time;
    }

    private static long Count(ServerLine server, string name, long otherwise)
    {
        if (server.Option(name) is not { } word)
        {
            return otherwise;
        }

        if (Words.Whole(word) is >= 1 and <= 1000 and var count)
        {
            return count;
        }

        server.Line.Approximated($"{name} '{word}' is not from 1 to 1000; {otherwise.ToString(CultureInfo.InvariantCulture)} is used");
        return otherwise;
    }

    private static TimeSpan Clamp(TimeSpan time, TimeSpan least, TimeSpan most) => time < least ? least : time > most ? most : time;

    private void Differences(ServerLine server, ServerLine first)
    {
        if (!server.IsChecked)
        {
            server.Line.Approximated("is probed like the others, though it has no check");
            return;
        }

        if (_paces.Any(name => server.Option(name) != first.Option(name)))
        {
            server.Line.Approximated($"is probed as often as {first.Line.Value}: a cluster has one probe");
        }

        var port = server.Option("port") is { } word ? Words.Port(word) : null;
        if (server.Option("addr") is null && server.Option("port") is null)
        {
            return;
        }

        var own = new Uri(server.Destination.Text("Address")!);
        if (Words.Destination(isHttp ? own.Scheme : "tcp", server.Option("addr") ?? own.Host, port ?? own.Port) is { } health)
        {
            server.Destination.Set("Health", health);
        }
        else
        {
            server.Line.Approximated("addr is no address; the server's own is probed");
        }
    }

    private static string? After(List<string> words, string word) =>
        words.IndexOf(word) is >= 0 and var at ? words.ElementAtOrDefault(at + 1) : null;

    [GeneratedRegex(@"^/[^\s#]*$")]
    private static partial Regex PathForm();

    [GeneratedRegex("^[!#$%&'*+.^_`|~A-Za-z0-9-]+$")]
    private static partial Regex Token();

    [GeneratedRegex(@"^[1-9]\d\d(-[1-9]\d\d)?(,[1-9]\d\d(-[1-9]\d\d)?)*$")]
    private static partial Regex StatusForm();

    [GeneratedRegex(@"^\^?([1-9])")]
    private static partial Regex RoughStatus();
}
