using System.Text.RegularExpressions;

namespace Gateway.Import.Haproxy;

/// <summary>Translates <c>option httpchk</c> and the <c>http-check</c> lines that go with it.</summary>
internal static partial class HttpCheck
{
    /// <summary>The rules of one exchange, in their order.</summary>
    private static readonly string[] _stages = ["connect", "send", "expect"];

    /// <summary>Writes the request and what is expected of the answer.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="proxy">The backend.</param>
    /// <param name="line">Its <c>option httpchk</c>.</param>
    public static void Translate(Draft probe, Proxy proxy, Statement line)
    {
        var words = line.Rest(2);
        var (method, path) = words switch
        {
            [] => ("OPTIONS", "/"),
            [var only] => ("OPTIONS", only),
            [var first, var second, ..] => (first, second),
        };
        line.Same();
        probe.Set("Kind", "http");
        Head(probe, line, string.Join(' ', words.Skip(2)));
        var (stage, hasStatus) = (-1, false);
        Statement? end = null;
        foreach (var check in proxy.All("http-check"))
        {
            // What connects or sends again asks for another page, which the next rules are about.
            var next = Array.IndexOf(_stages, check.Value);
            if (next >= 0 && (end is not null || next < stage || (next == stage && check.Value != "expect")))
            {
                end ??= check;
                check.Whole(Verdict.Impossible, "a probe asks for one page, and this rule is about another one");
                continue;
            }

            stage = Math.Max(stage, next);
            switch (check.Value)
            {
                case "send":
                    method = check.After("meth") ?? method;
                    path = check.After("uri") ?? path;
                    Send(probe, check);
                    if (words.Count > 0)
                    {
                        line.Same(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"line {check.Line} says what is asked for, where it does"));
                    }

                    break;
                case "expect":
                    Expect(probe, check, CheckRule.Expected(check, 2), ref hasStatus);
                    break;
                case "comment":
                    check.Whole(Verdict.Same, "says nothing about the check");
                    break;
                case "disable-on-404":
                    probe.Set("DrainStatus", "404");
                    check.Same("DrainStatus");
                    break;
                case "connect":
                    Connect(probe, check);
                    break;
                case "send-state":
                    check.Approximated("servers are not told what is known of them");
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
        if (!hasStatus)
        {
            // A rule about the page does not mind the status.
            probe.Set("Status", probe.Has("Body") ? "100-999" : "200-399");
        }
    }

    /// <summary>What stands behind the path: the version, and then, in the usual idiom, header lines.</summary>
    private static void Head(Draft probe, Statement line, string text)
    {
        var lines = text.Split("\r\n");
        if (lines[0] is not ("" or "HTTP/1.1"))
        {
            line.Approximated("probes speak HTTP/1.1");
        }

        var headers = lines.Skip(1).TakeWhile(header => header.Length > 0).ToList();
        foreach (var header in headers)
        {
            var parts = header.Split(':', 2);
            Header(probe, line, parts[0], parts.ElementAtOrDefault(1)?.Trim());
        }

        if (lines.Skip(1 + headers.Count).Any(rest => rest.Length > 0))
        {
            line.Approximated("no body is sent");
        }
    }

    private static void Send(Draft probe, Statement check)
    {
        check.Same();
        _ = check.After("comment");
        if (check.After("ver") is not (null or "HTTP/1.1"))
        {
            check.Approximated("probes speak HTTP/1.1");
        }

        for (var i = 2; i < check.Words.Count; i++)
        {
            if (check.Words[i] == "hdr")
            {
                check.Word(i);
                Header(probe, check, check.Word(i + 1) ?? "", check.Word(i + 2));
                i += 2;
            }
        }

        if (check.After("body") is not null || check.After("body-lf") is not null)
        {
            check.Approximated("no body is sent");
        }
    }

    private static void Header(Draft probe, Statement statement, string name, string? value)
    {
        if (string.Equals(name, "host", StringComparison.OrdinalIgnoreCase) && value is { Length: > 0 } && !value.Any(c => char.IsWhiteSpace(c) || c == '%'))
        {
            probe.Set("Host", value);
        }
        else if (string.Equals(name, "connection", StringComparison.OrdinalIgnoreCase))
        {
            statement.Same("each probe has a connection of its own");
        }
        else if (Token().IsMatch(name) && !string.Equals(name, "host", StringComparison.OrdinalIgnoreCase)
            && value is not null && !value.Any(c => char.IsControl(c) || c == '%'))
        {
            probe.Section("Headers").Set(name, value);
        }
        else
        {
            statement.Approximated($"the header {name} is not sent");
        }
    }

    /// <summary>A connection of its own: its port and its TLS.</summary>
    private static void Connect(Draft probe, Statement check)
    {
        CheckRule.Connect(probe, check);
        if (check.Has("ssl"))
        {
            probe.Set("Kind", "https");
        }

        if (check.After("sni") is { } name)
        {
            if (Words.IsHostName(name) && check.Has("ssl"))
            {
                probe.Set("ServerName", name);
            }
            else
            {
                check.Approximated($"sni: '{name}' is not asked for");
            }
        }
    }

    /// <summary>One of several rules that an answer must all pass.</summary>
    private static void Expect(Draft probe, Statement check, List<string> words, ref bool hasStatus)
    {
        var hasBody = probe.Has("Body");
        switch (words)
        {
            case ["status" or "rstatus", _] when hasStatus:
            case ["string" or "rstring", _] when hasBody:
                check.Impossible("a probe looks for one text and one set of statuses: those of the first such line");
                break;
            case ["status", var codes] when StatusForm().IsMatch(codes):
                probe.Set("Status", codes);
                hasStatus = true;
                check.Same();
                break;
            case ["string", var text] when text.Length > 0:
                probe.Set("Body", text);
                check.Same("Body: looked for in the first 64 KiB");
                break;
            case ["rstring", var pattern]:
                PageText.Search(probe, pattern, check);
                break;
            case ["rstatus", var pattern] when RoughStatus().Match(pattern) is { Success: true } rough:
                probe.Set("Status", $"{rough.Groups[1].Value}00-{rough.Groups[1].Value}99");
                hasStatus = true;
                check.Approximated("the hundred is compared");
                break;
            default:
                check.Impossible("answers are judged by status and by plain text");
                break;
        }
    }

    [GeneratedRegex(@"^/[^\s#]*$")]
    private static partial Regex PathForm();

    [GeneratedRegex("^[!#$%&'*+.^_`|~A-Za-z0-9-]+$")]
    private static partial Regex Token();

    [GeneratedRegex(@"^[1-9]\d\d(-[1-9]\d\d)?(,[1-9]\d\d(-[1-9]\d\d)?)*$")]
    private static partial Regex StatusForm();

    [GeneratedRegex(@"^\^?([1-9])")]
    private static partial Regex RoughStatus();
}
