namespace Gateway.Http;

/// <summary>Finds dot segments in a request's target: what a destination may resolve to another path than the one routes were matched with.
/// </summary>
internal static class DotSegments
{
    private const string Slash = "%2f";

    /// <summary>Whether the path of a target, as the client wrote it, has segments of dots, or may have: written plainly or as
    /// <c>%2e</c>, between slashes that are plain or <c>%2f</c>.</summary>
    public static bool AreIn(ReadOnlySpan<char> target)
    {
        var query = target.IndexOf('?');
        var path = query < 0 ? target : target[..query];
        return path.Contains("/.", StringComparison.Ordinal) || path.Contains("%2e", StringComparison.OrdinalIgnoreCase)
            || AreBehindEncodedSlash(path);
    }

    /// <summary>Kestrel leaves <c>%2f</c> as it is, and thus the dots behind it, too. A name that begins with a dot, as in
    /// <c>/group%2F.github</c>, is none.</summary>
    private static bool AreBehindEncodedSlash(ReadOnlySpan<char> path)
    {
        for (var at = path.IndexOf(Slash, StringComparison.OrdinalIgnoreCase); at >= 0; at = path.IndexOf(Slash, StringComparison.OrdinalIgnoreCase))
        {
            path = path[(at + Slash.Length)..];
            var rest = path.TrimStart('.');
            if (path.Length - rest.Length is 1 or 2 && (rest.IsEmpty || rest[0] == '/' || rest.StartsWith(Slash, StringComparison.OrdinalIgnoreCase)))
            {
                return true;
            }
        }

        return false;
    }
}
