using System.Text.RegularExpressions;

namespace Gateway.Import.Haproxy;

/// <summary>Translates one test of an ACL, such as <c>path_beg /api</c> or <c>hdr(host) -i www.example.org</c>.</summary>
internal static partial class AclTest
{
    /// <summary>The methods a route of YARP may name.</summary>
    private static readonly HashSet<string> _methods =
        new(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The alternatives it stands for, or null with the reason.</summary>
    /// <param name="words">The test.</param>
    /// <param name="isExact">Whether beginnings of paths are matched to the letter.</param>
    /// <param name="why">What is wrong or differs.</param>
    public static List<Match>? Of(List<string> words, bool isExact, ref string why)
    {
        if (words.Count == 0 || Form().Match(words[0]) is not { Success: true } form)
        {
            why = "is no test that a route can make";
            return null;
        }

        var (fetch, argument) = (form.Groups[1].Value.Replace("req.", "", StringComparison.Ordinal), form.Groups[2].Value);
        var (values, isCaseSensitive, match) = Values(words.Skip(1));
        if (values is null)
        {
            why = "values in files and maps are not read";
            return null;
        }

        var kind = match ?? form.Groups[3].Value.TrimStart(',');
        var result = fetch switch
        {
            "path" or "path_beg" or "path_end" or "path_dir" or "path_sub" or "path_reg" or "url" or "url_beg" or "base" or "base_beg" =>
                Path(fetch, kind, values, isCaseSensitive, isExact, ref why),
            "method" when values.TrueForAll(_methods.Contains) && values.Count > 0 => [new Match([], null, [.. values.Select(value => value.ToUpperInvariant())], [], [])],
            "hdr" or "hdr_beg" or "hdr_end" or "hdr_dom" or "hdr_sub" or "fhdr" or "hdr_reg" or "hdr_cnt" => argument.Equals("host", StringComparison.OrdinalIgnoreCase)
                ? Host(fetch, kind, values, ref why)
                : Header(fetch, kind, argument, values, isCaseSensitive, ref why),
            "url_param" or "urlp" or "urlp_beg" or "urlp_sub" => Query(fetch, kind, argument, values, isCaseSensitive, ref why),
            _ => null,
        };
        if (result is null && why.Length == 0)
        {
            why = $"a route cannot look at {words[0]}";
        }

        return result;
    }

    private static (List<string>? Values, bool IsCaseSensitive, string? Match) Values(IEnumerable<string> words)
    {
        var values = new List<string>();
        var (isCaseSensitive, match) = (true, (string?)null);
        using var word = words.GetEnumerator();
        while (word.MoveNext())
        {
            switch (word.Current)
            {
                case "-i":
                    isCaseSensitive = false;
                    break;
                case "-m":
                    match = word.MoveNext() ? word.Current : null;
                    break;
                case "-f" or "-M":
                    return (null, true, null);
                case "--" or "-n":
                    break;
                default:
                    values.Add(word.Current);
                    break;
            }
        }

        return (values, isCaseSensitive, match);
    }

    private static List<Match>? Path(string fetch, string kind, List<string> values, bool isCaseSensitive, bool isToTheLetter, ref string why)
    {
        var isPrefix = fetch.EndsWith("_beg", StringComparison.Ordinal) || kind == "beg";
        var isExact = fetch is "path" && kind is "" or "str";
        var isDirectory = fetch == "path_dir" || kind == "dir";
        if (!isPrefix && !isExact && !isDirectory)
        {
            why = $"a route matches whole paths and their beginnings, not {fetch}";
            return null;
        }

        if (values.Exists(value => !PathForm().IsMatch(value)) || isDirectory)
        {
            why = "is no path a route can have";
            return null;
        }

        if (isPrefix && !isToTheLetter && values.Exists(value => !value.EndsWith('/')))
        {
            why = "the last part of the path is matched whole: /api is not /apis";
        }
        else if (isCaseSensitive && values.Exists(value => value.Any(char.IsLetter)))
        {
            why = "routes match paths without case";
        }

        return [.. values.Select(value => new Match([], isExact ? value
            : isToTheLetter ? PathPattern.Beginning(value) : value.TrimEnd('/') + "/{**rest}", [], [], []))];
    }

    private static List<Match>? Host(string fetch, string kind, List<string> values, ref string why)
    {
        var how = fetch.Contains('_', StringComparison.Ordinal) ? fetch[(fetch.IndexOf('_', StringComparison.Ordinal) + 1)..] : kind;
        var hosts = new List<string>();
        foreach (var value in values)
        {
            switch (how)
            {
                case "" or "str":
                    hosts.Add(value);
                    break;
                case "end" when value.StartsWith('.'):
                    hosts.Add("*" + value);
                    break;
                case "dom":
                    hosts.Add(value);
                    hosts.Add("*." + value);
                    why = "hosts are the name and all names below it";
                    break;
                case "beg":
                    return [new Match([], null, [], [new ValueMatch("Host", "HeaderPrefix", values, false)], [])];
                case "sub":
                    return [new Match([], null, [], [new ValueMatch("Host", "Contains", values, false)], [])];
                default:
                    why = $"a route cannot match hosts by {how}";
                    return null;
            }
        }

        if (hosts.Count == 0 || hosts.Exists(host => !HostForm().IsMatch(host)))
        {
            why = "is no host name a route can have";
            return null;
        }

        return [new Match([.. hosts.Distinct(StringComparer.OrdinalIgnoreCase)], null, [], [], [])];
    }

    private static List<Match>? Header(string fetch, string kind, string name, List<string> values, bool isCaseSensitive, ref string why)
    {
        var mode = (fetch, kind) switch
        {
            (_, "found") => "Exists",
            ("hdr_beg", _) or (_, "beg") => "HeaderPrefix",
            ("hdr_sub", _) or (_, "sub") => "Contains",
            ("hdr" or "fhdr", "" or "str") => "ExactHeader",
            _ => null,
        };
        if (mode is null || !Token().IsMatch(name) || (values.Count == 0) != (mode == "Exists") || values.Contains(""))
        {
            why = $"a route cannot match a header by {fetch} {kind}".TrimEnd();
            return null;
        }

        return [new Match([], null, [], [new ValueMatch(name, mode, values, isCaseSensitive)], [])];
    }

    private static List<Match>? Query(string fetch, string kind, string name, List<string> values, bool isCaseSensitive, ref string why)
    {
        var mode = (fetch, kind) switch
        {
            (_, "found") => "Exists",
            ("urlp_beg", _) or (_, "beg") => "Prefix",
            ("urlp_sub", _) or (_, "sub") => "Contains",
            ("url_param" or "urlp", "" or "str") => "Exact",
            _ => null,
        };
        if (mode is null || name.Length == 0 || (values.Count == 0) != (mode == "Exists") || values.Contains(""))
        {
            why = $"a route cannot match a parameter by {fetch} {kind}".TrimEnd();
            return null;
        }

        return [new Match([], null, [], [], [new ValueMatch(name, mode, values, isCaseSensitive)])];
    }

    [GeneratedRegex(@"^([a-z_.]+)(?:\(([^),]*)[^)]*\))?((?:,[a-z_]+)?)(?:\([^)]*\))?$")]
    private static partial Regex Form();

    [GeneratedRegex(@"^/[A-Za-z0-9/._~+%@!$&'(),;=:-]*$")]
    private static partial Regex PathForm();

    [GeneratedRegex(@"^(\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(:[0-9]{1,5})?$")]
    private static partial Regex HostForm();

    [GeneratedRegex("^[!#$%&'*+.^_`|~A-Za-z0-9-]+$")]
    private static partial Regex Token();
}
