using System.Text.RegularExpressions;
using Gateway.Probing.Answers;

namespace Gateway.Import;

/// <summary>Writes what a page must contain into a probe of kind http.</summary>
internal static class PageText
{
    /// <summary>Sets a pattern that is searched for in the page, as plain text where it is nothing else.</summary>
    public static void Search(Draft probe, string pattern, Statement statement)
    {
        if (pattern.Length == 0)
        {
            statement.Same("empty: any page passes");
        }
        else if (Regex.Escape(pattern).Replace("\\ ", " ", StringComparison.Ordinal) == pattern)
        {
            probe.Set("Body", pattern);
            statement.Same("Body: looked for in the first 64 KiB");
        }
        else if (Expectation.PatternError(pattern) is null)
        {
            probe.Set("Body", pattern).Set("Regex", true);
            statement.Same("Body: searched for in the first 64 KiB");
        }
        else
        {
            statement.Impossible("is no regular expression .NET can search for without backtracking; the status decides");
        }
    }
}
