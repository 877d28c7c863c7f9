namespace Gateway.Configuration;

/// <summary>Host names as the map of a TLS virtual server has them.</summary>
internal static class ServerNames
{
    private const int LongestName = 253;
    private const int LongestLabel = 63;

    /// <summary>Whether it is a host name, <c>*.</c> in front of one, or <c>*</c>.</summary>
    public static bool IsRight(string name)
    {
        var host = name == "*" ? "" : name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name;
        return name == "*" || (host.Length <= LongestName && host.TrimEnd('.').Split('.').All(IsLabel));
    }

    private static bool IsLabel(string label) => label.Length is > 0 and <= LongestLabel
        && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
