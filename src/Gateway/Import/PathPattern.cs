using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Import;

/// <summary>Writes paths as patterns of routes.</summary>
internal static class PathPattern
{
    /// <summary>One slash, as a route's expression sees it: an encoded one stays encoded.</summary>
    private const string Slash = "(/|%2F)";

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

    /// <summary>The pattern of all paths that become this one, or one that begins with it, when repeated slashes are merged and encoded
    /// ones decoded. As all expressions of routes it takes capitals for small letters.</summary>
    /// <param name="path">A path from its first slash on, longer than that.</param>
    /// <param name="isWhole">Whether nothing but slashes may follow.</param>
    public static string Merged(string path, bool isWhole)
    {
        var text = new StringBuilder("{**rest:regex(^").Append(Slash).Append('*');
        text.AppendJoin($"{Slash}+", path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Escaped));
        return text.Append(isWhole ? $"{Slash}*$" : path.EndsWith('/') ? $"({Slash}|$)" : "").Append(")}").ToString();
    }

    /// <summary>The part of a path as a piece of an expression. The characters that mean something to the pattern around it are written by
    /// their codes.</summary>
    private static string Escaped(string part) => string.Concat(part.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '~' or '%' ? c.ToString()
        : string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:X2}")));
}
