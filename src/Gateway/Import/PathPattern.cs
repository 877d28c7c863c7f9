using System.Text.RegularExpressions;

namespace Gateway.Import;

/// <summary>Writes paths as patterns of routes.</summary>
internal static class PathPattern
{
    /// <summary>The pattern of all paths that begin with these letters. Where the last one is no slash that takes an expression, as
    /// routes themselves match whole parts of a path.</summary>
    public static string Beginning(string path)
    {
        var slash = path.LastIndexOf('/');
        var part = path[(slash + 1)..];
        // Parentheses would end the expression within the pattern.
        return part.Length == 0 || part.Any(c => c is '(' or ')' or '{' or '}') ? path.TrimEnd('/') + "/{**rest}"
            : $"{path[..slash]}/{{**rest:regex(^{Regex.Escape(part)})}}";
    }
}
