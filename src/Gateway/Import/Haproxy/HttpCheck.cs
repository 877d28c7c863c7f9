using System.Text.RegularExpressions;

namespace Gateway.Import.Haproxy;

/// <summary>Translates <c>option httpchk</c> and the <c>http-check</c> lines that go with it.</summary>
internal static partial class HttpCheck
{
    /// <summary>Writes the request and what is expected of the answer.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="proxy">The backend.</param>
    /// <param name="line">Its <c>option httpchk</c>.</param>
    public static void Translate(Draft probe, Proxy proxy, Statement line)
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
