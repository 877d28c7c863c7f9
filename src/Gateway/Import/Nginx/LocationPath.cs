using System.Text.RegularExpressions;

namespace Gateway.Import.Nginx;

/// <summary>The path of a <c>location</c>, as a route matches it.</summary>
/// <param name="Pattern">The pattern of the route.</param>
/// <param name="Prefix">The path as nginx has it.</param>
/// <param name="Id">What it adds to the name of the route.</param>
/// <param name="IsWhole">Whether it is the whole path, and not its beginning.</param>
internal sealed partial record LocationPath(string Pattern, string Prefix, string Id, bool IsWhole)
{
    /// <summary>The path, or null when routes have none like it.</summary>
    /// <param name="location">The directive.</param>
    /// <param name="why">What is wrong or differs; empty when nothing does.</param>
    public static LocationPath? Of(Statement location, out string why)
    {
        var words = location.Arguments.ToList();
        why = "";
        var (modifier, path) = words switch
        {
            ["=" or "^~" or "~" or "~*", var only] => (words[0], only),
            [var only] => ("", only),
            _ => ("~", ""),
        };
        if (modifier is "~" or "~*" || path.StartsWith('@') || !Form().IsMatch(path))
        {
            why = path.StartsWith('@') ? "named locations are for internal redirects" : "a route matches whole paths and their beginnings, not expressions";
            return null;
        }

        var id = path == "/" ? "" : path.TrimEnd('/');
        if (modifier == "=")
        {
            return new LocationPath(path, path, id, true);
        }

        if (path == "/")
        {
            return new LocationPath("{**catch-all}", path, id, false);
        }

        if (!path.EndsWith('/'))
        {
            why = "the last part of the path is matched whole: /api is not /apis";
        }

        return new LocationPath(path.TrimEnd('/') + "/{**rest}", path, id, false);
    }

    [GeneratedRegex(@"^/[A-Za-z0-9/._~+%@!&'(),=-]*$")]
    private static partial Regex Form();
}
