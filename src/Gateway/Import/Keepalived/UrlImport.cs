using System.Text.RegularExpressions;

namespace Gateway.Import.Keepalived;

/// <summary>Translates HTTP_GET and SSL_GET into a probe of kind http or https.</summary>
internal sealed partial class UrlImport(Statement checker, Statement? url, string? virtualHost)
{
    public void Translate(Draft probe)
    {
        probe.Set("Kind", checker.Name == "SSL_GET" ? "https" : "http");
        checker.Last("fast_recovery")?.Same("all pages are asked for at once");
        checker.Last("enable_sni")?.Same("the name is always sent");
        checker.Last("http_protocol")?.Whole(Verdict.Approximated, "probes speak HTTP/1.1 with Connection: close");
        if (url is not null)
        {
            url.Same();
            Path(probe, url);
            Content(probe, url);
        }

        if ((url?.Last("virtualhost")?.Value ?? virtualHost) is { Length: > 0 } host && !host.Any(char.IsWhiteSpace))
        {
            probe.Set("Host", host);
            url?.Last("virtualhost")?.Same();
        }
    }

    private static void Path(Draft probe, Statement url)
    {
        if (url.Last("path") is not { } path)
        {
            return;
        }

        if (PathForm().IsMatch(path.Value))
        {
            probe.Set("Path", path.Value);
            path.Same();
        }
        else
        {
            path.Approximated("is no path that begins with /; / is asked for");
        }
    }

    private static void Content(Draft probe, Statement url)
    {
        if (url.Last("status_code") is { } status)
        {
            var codes = string.Join(',', status.Arguments);
            if (StatusForm().IsMatch(codes))
            {
                probe.Set("Status", codes);
                status.Same();
            }
            else
            {
                status.Approximated("is no list of status codes; 200-299 pass");
            }
        }

        url.Last("digest")?.Impossible("an MD5 digest; write the page's SHA-256 as BodySha256, or let its status decide");
        if (url.Last("regex") is { } regex)
        {
            if (url.Last("regex_no_match") is null && url.Last("regex_options") is null)
            {
                PageText.Search(probe, regex.Value, regex);
            }
            else
            {
                regex.Impossible("an expression with options, or one that must not be found; the status decides");
            }
        }

        foreach (var name in (string[])["regex_no_match", "regex_options", "regex_stack", "regex_min_offset", "regex_max_offset"])
        {
            url.Last(name)?.Impossible("pages are searched for one plain expression");
        }
    }

    [GeneratedRegex(@"^/[^\s#]*$")]
    private static partial Regex PathForm();

    [GeneratedRegex(@"^[1-9]\d\d(-[1-9]\d\d)?(,[1-9]\d\d(-[1-9]\d\d)?)*$")]
    private static partial Regex StatusForm();
}
