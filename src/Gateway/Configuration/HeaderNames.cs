namespace Gateway.Configuration;

/// <summary>Checks a section of headers by name.</summary>
internal static class HeaderNames
{
    // RFC 9110, section 5.6.2, beside letters and digits.
    private const string Marks = "!#$%&'*+-.^_`|~";

    public static void Check(Section headers)
    {
        foreach (var header in headers.Children)
        {
            if (!header.Id.All(c => char.IsAsciiLetterOrDigit(c) || Marks.Contains(c, StringComparison.Ordinal))
                || (header.Value ?? "").Any(char.IsControl))
            {
                header.Error("is no header", "Write a name of letters, digits and hyphens, and a value on one line.");
            }
        }
    }
}
