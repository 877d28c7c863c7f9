using System.Text.RegularExpressions;

namespace Gateway.Import.Nginx;

/// <summary>Translates what nginx changes in a request and its answer into the transforms of a route.</summary>
/// <param name="levels">The directives of http, server and location: headers of one level hide those of the levels around it.</param>
internal sealed partial class HeaderImport(IReadOnlyList<IReadOnlyList<Statement>> levels)
{
    public void Translate(Draft route, LocationPath path, ProxyTarget target, Statement pass)
    {
        foreach (var line in Nearest("proxy_set_header").Concat(Nearest("add_header")))
        {
            line.Rest(1);
        }

        Path(route, path, target, pass);
        var forwarded = new Draft().Set("X-Forwarded", "Off");
        foreach (var line in Nearest("proxy_set_header").Where(line => line.Words.Count == 3))
        {
            Request(route, forwarded, line);
        }

        if (!Nearest("proxy_set_header").Exists(line => line.Words.Count == 3 && line.Words[1].Equals("Host", StringComparison.OrdinalIgnoreCase)))
        {
            pass.Approximated("the Host header is the destination's address, where nginx writes what is named here");
        }

        var section = route.Append("Transforms");
        foreach (var entry in forwarded.Entries)
        {
            section.Copy(entry);
        }

        foreach (var line in Nearest("add_header"))
        {
            if (line.Words.Count is 3 or 4 && IsText(line.Words[1], line.Words[2]) && line.Words.ElementAtOrDefault(3) is null or "always")
            {
                route.Append("Transforms").Set("ResponseHeader", line.Words[1]).Set("Append", line.Words[2])
                    .Set("When", line.Words.Count == 4 ? "Always" : "Success");
                line.Same();
            }
        }
    }

    private List<Statement> Nearest(string name) =>
        [.. levels.Reverse().Select(level => level.Where(line => line.Name == name)).FirstOrDefault(lines => lines.Any()) ?? []];

    private static void Path(Draft route, LocationPath path, ProxyTarget target, Statement pass)
    {
        if (target.Uri is null || target.Uri == path.Prefix)
        {
            return;
        }

        if (path.Prefix.EndsWith('/') != target.Uri.EndsWith('/'))
        {
            pass.Approximated("the paths end one with / and one without: whole parts of the path are exchanged");
        }

        if (path.Prefix.TrimEnd('/') is { Length: > 0 } before)
        {
            route.Append("Transforms").Set("PathRemovePrefix", before);
        }

        if (target.Uri.TrimEnd('/') is { Length: > 0 } instead)
        {
            route.Append("Transforms").Set("PathPrefix", instead);
        }
    }

    private static void Request(Draft route, Draft forwarded, Statement line)
    {
        var (name, value) = (line.Words[1], line.Words[2]);
        switch (name.ToLowerInvariant(), value)
        {
            case ("host", "$host" or "$http_host"):
                route.Append("Transforms").Set("RequestHeaderOriginalHost", "true");
                line.Same();
                break;
            case ("x-forwarded-for", "$proxy_add_x_forwarded_for" or "$remote_addr"):
                forwarded.Set("For", value == "$remote_addr" ? "Set" : "Append");
                line.Same();
                break;
            case ("x-forwarded-proto", "$scheme"):
                forwarded.Set("Proto", "Set");
                line.Same();
                break;
            case ("x-forwarded-host", "$host" or "$http_host"):
                forwarded.Set("Host", "Set");
                line.Same();
                break;
            case ("upgrade", _) or ("connection", _):
                line.Same("WebSockets are passed on by themselves");
                break;
            default:
                if (value.Length == 0 && Token().IsMatch(name))
                {
                    route.Append("Transforms").Set("RequestHeaderRemove", name);
                    line.Same();
                }
                else if (IsText(name, value))
                {
                    route.Append("Transforms").Set("RequestHeader", name).Set("Set", value);
                    line.Same();
                }
                else
                {
                    line.Impossible("headers are set to texts that are known beforehand");
                }

                break;
        }
    }

    private static bool IsText(string name, string value) =>
        Token().IsMatch(name) && value.Length > 0 && !value.Contains('$', StringComparison.Ordinal) && value.All(c => c is >= ' ' and < '\x7f');

    [GeneratedRegex("^[!#$%&'*+.^_`|~A-Za-z0-9-]+$")]
    private static partial Regex Token();
}
